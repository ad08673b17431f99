"""An HTTP call as PEP 3333 has it: the function is a WSGI application, `handler(environ, start_response)`.

Beside the standard's keys environ has fc.context and fc.request_uri. Not here: frames, errors, the call's log (function.py).
"""
import io
import json
import struct
import sys

_HEAD_BYTES = struct.Struct("<I")
_BARE = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class ResponseError(Exception):
    """The application has not kept to PEP 3333."""


def _native(text):
    """Bytes as text of code points below 256, which is what the standard calls a native string."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _unquote(path):
    if "%" not in path:
        return _native(path)
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")


def _split_host(text):
    host, colon, port = text.rpartition(":")
    return (host, port) if colon and port.isdigit() else (text or "localhost", "80")


def environ_of(http, context, body):
    """`http` is what the call's context has under that key."""
    uri = http.get("requestURI", "")
    host, port = _split_host(http.get("host", ""))
    environ = {
        "REQUEST_METHOD": http["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": _unquote(http["path"]),
        "QUERY_STRING": uri.partition("?")[2],
        "CONTENT_TYPE": "",
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": http.get("clientIP", ""),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "fc.context": context,
        "fc.request_uri": uri,
    }
    for name, values in http.get("headers", {}).items():
        if name == "content-length":
            continue
        joined = ("; " if name == "cookie" else ",").join(values)
        environ[_BARE.get(name) or "HTTP_" + name.upper().replace("-", "_")] = _native(joined)
    return environ


class Response:
    """What the application says of its answer: start_response, and the write() that it returns."""

    def __init__(self):
        self._status = None
        self._headers = {}
        self.pieces = []

    def start(self, status, headers, exc_info=None):
        if self._status is not None and exc_info is None:
            raise ResponseError("start_response is called a second time without exc_info")
        code = status[:3]
        if not (code.isascii() and code.isdigit()) or status[3:4] not in ("", " "):
            raise ResponseError(f"the status begins with a number of three digits, not {status[:40]!r}")
        self._headers = {}
        for name, value in headers:
            if not isinstance(name, str) or not isinstance(value, str):
                raise ResponseError("names and values of headers are str")
            # text on the channel; native strings are bytes
            text = value.encode("latin-1").decode("utf-8", "replace") if not value.isascii() else value
            self._headers.setdefault(name.lower(), []).append(text)
        self._status = int(code)
        return self._write

    def _write(self, data):
        if not isinstance(data, bytes):
            raise ResponseError(f"the body consists of bytes, not {type(data).__name__}")
        self.pieces.append(data)

    def collect(self, result):
        """All that the application's iterable brings, which is closed in any case."""
        try:
            if isinstance(result, bytes):
                self._write(result)
            else:
                for piece in result:
                    self._write(piece)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def payload(self):
        """That of the RESULT frame."""
        if self._status is None:
            raise ResponseError("the handler has not called start_response")
        head = json.dumps({"status": self._status, "headers": self._headers}).encode()
        return b"".join((_HEAD_BYTES.pack(len(head)), head, *self.pieces))


def respond(application, context, body):
    """Calls the application: the payload of the RESULT frame."""
    response = Response()
    response.collect(application(environ_of(context.http, context, body), response.start))
    return response.payload()
