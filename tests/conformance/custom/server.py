"""A plain HTTP server of Python's library, for the custom column's functions: it knows nothing of Function Compute.

serve({path: function}) answers each request with the function of its path, "*" of any other path. A function gets the request (method,
path, query, headers, body) and returns the body as bytes or text, or (status, [(name, value)…], body).
"""
import http.server
import os


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def answer(self):
        self.method = self.command
        self.path, _, self.query = self.path.partition("?")
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        function = self.server.routes.get(self.path) or self.server.routes.get("*") or (lambda request: (404, [], "no such path"))
        said = function(self)
        status, headers, body = said if isinstance(said, tuple) else (200, [], said)
        body = body.encode() if isinstance(body, str) else body
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.method != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def log_message(self, *arguments):
        pass


def serve(routes):
    server = http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["FC_SERVER_PORT"])), Request)
    server.routes = routes
    server.serve_forever()
