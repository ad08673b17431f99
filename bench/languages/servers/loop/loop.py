"""loop.py SOCKET: index.handler behind a bare socket loop."""
import socket
import sys

import index

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
while True:
    client = listener.accept()[0]
    stream = client.makefile("rb")
    while stream.readline():
        length = 0
        while (header := stream.readline().strip()):
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        result = index.handler(stream.read(length), None)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(result), result))
    stream.close()
    client.close()
