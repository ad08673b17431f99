"""The context object of a call, and the lines a function's logger writes.

What is the same for all calls of an environment lies in its class; what a call brings is read from its JSON when it is
first asked for, but the request's id, which every call needs.
"""
import json
import logging
import time

_REQUEST_ID = b'"requestId":"'


class Record:
    """Named values, by attribute in both spellings; `as_json` is the one of the engine's JSON."""

    def __init__(self, values, names):
        self._values = {}
        for key, name in names.items():
            value = values.get(key)
            self._values[key] = value
            setattr(self, key, value)
            setattr(self, name, value)

    def as_json(self):
        return dict(self._values)

    def __repr__(self):
        return repr(self._values)


class Credentials(Record):
    NAMES = {
        "accessKeyId": "access_key_id",
        "accessKeySecret": "access_key_secret",
        "securityToken": "security_token",
    }

    def __init__(self, values):
        super().__init__(values, self.NAMES)

    def __repr__(self):
        return "<credentials>"  # which logs should not hold


FUNCTION = {
    "name": "name",
    "handler": "handler",
    "memory": "memory",
    "timeout": "timeout",
    "initializer": "initializer",
    "initializationTimeout": "initialization_timeout",
}
SERVICE = {
    "name": "name",
    "logProject": "log_project",
    "logStore": "log_store",
    "qualifier": "qualifier",
    "versionId": "version_id",
}
TRACING = {
    "openTracingSpanContext": "span_context",
    "openTracingSpanBaggages": "span_baggages",
    "jaegerEndpoint": "jaeger_endpoint",
}


_OF_A_CALL = frozenset(
    ("credentials", "retry_count", "retryCount", "deadline_ms", "deadlineMs", "service", "http")
)


class Context:
    """Base of an environment's own class, which context_class() makes."""

    def __init__(self, text, request_id):
        self._text = text
        self.request_id = self.requestId = request_id

    def __getattr__(self, name):
        if name not in _OF_A_CALL:
            raise AttributeError(f"'FCContext' object has no attribute '{name}'")
        call = json.loads(self._text)
        self.http = call.get("http")  # of an HTTP call: wsgi.py makes environ of it
        self.service = Record({**self._service, "qualifier": call.get("qualifier", "LATEST")}, SERVICE)
        self.credentials = Credentials(call.get("credentials") or {})
        self.retry_count = self.retryCount = call.get("retryCount", 0)
        self.deadline_ms = self.deadlineMs = call.get("deadlineMs", 0)
        return self.__dict__[name]

    def to_json(self):
        return json.dumps(
            {
                "requestId": self.request_id,
                "credentials": self.credentials.as_json(),
                "function": self.function.as_json(),
                "service": self.service.as_json(),
                "region": self.region,
                "accountId": self.account_id,
                "retryCount": self.retry_count,
                "tracing": self.tracing.as_json(),
            }
        )


def context_class(environment):
    """The class of the contexts of the environment that `environment`, the payload of LOAD, describes."""
    account = environment.get("accountId", "")
    return type(
        "FCContext",
        (Context,),
        {
            "function": Record(environment.get("function") or {}, FUNCTION),
            "_service": environment.get("service") or {},
            "tracing": Record({"openTracingSpanBaggages": {}}, TRACING),
            "region": environment.get("region", ""),
            "account_id": account,
            "accountId": account,
            "logger": logging.getLogger(),
        },
    )


def request_id_of(text):
    """Of a context's JSON. Quotes within a string are escaped, so that the key's own text is found nowhere else."""
    start = text.find(_REQUEST_ID)
    if start >= 0:
        start += len(_REQUEST_ID)
        value = text[start : text.find(b'"', start)]
        if b"\\" not in value:
            return value.decode()
    return str(json.loads(text).get("requestId", ""))


class RequestFormatter(logging.Formatter):
    """`2022-04-01T10:04:19.024Z {request id} [INFO] text`."""

    converter = time.gmtime
    request_id = ""

    def __init__(self):
        super().__init__("%(asctime)s.%(msecs)03dZ %(request_id)s [%(levelname)s] %(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record):
        record.request_id = self.request_id
        return super().format(record)


class StandardOutput(logging.StreamHandler):
    """Writes to whatever sys.stdout is at that time."""

    def __init__(self, formatter):
        logging.Handler.__init__(self)
        self.setFormatter(formatter)

    @property
    def stream(self):
        import sys

        return sys.stdout


def install_logger():
    """The root logger as functions find it. The formatter, which needs each call's request id."""
    formatter = RequestFormatter()
    root = logging.getLogger()
    root.addHandler(StandardOutput(formatter))
    root.setLevel(logging.INFO)
    return formatter
