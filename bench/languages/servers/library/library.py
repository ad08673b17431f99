"""library.py SOCKET: index.handler behind http.server, the HTTP server of the standard library."""
import http.server
import socketserver
import sys

import index


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def address_string(self):
        return "client"

    def do_POST(self):
        result = index.handler(self.rfile.read(int(self.headers["Content-Length"])), None)
        self.send_response(200)
        self.send_header("Content-Length", str(len(result)))
        self.end_headers()
        self.wfile.write(result)

    def log_message(self, *arguments):
        pass


socketserver.UnixStreamServer(sys.argv[1], Request).serve_forever()
