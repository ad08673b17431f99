"""A process that becomes a function's environment: LOAD once, then call after call, until the channel ends.

Imported and warmed before the first LOAD is there, in the zygote or in shim.py, so that an environment pays for its own
code only. Not here: frames (channel.py), the context (context.py), the shape of errors (errors.py).
"""
import importlib
import json
import os
import random
import sys
import time
import types

from hotcell_shim import channel as frames
from hotcell_shim.context import context_class, install_logger, request_id_of
from hotcell_shim.errors import LoadError, error_json, print_error
from hotcell_shim.wsgi import respond


def reseed():
    """What a process forked from a booted one would have in common with its siblings. The kernel's own sources, which
    secrets, uuid4 and os.urandom use, are never shared. The seed of str hashes is: it is made when the interpreter starts."""
    random.seed()
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None


def leave(status):
    """Ends the process although threads may still run."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    os._exit(status)


def exit_status(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def load_function(name):
    """The function that `file.function` names; its module is loaded if it is not yet."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot or not module_name or not function_name:
        raise LoadError("InvalidHandleName", f"Invalid handler '{name}'")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except SyntaxError as error:
        raise LoadError("UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", error) from None
    except ImportError as error:
        raise LoadError("ImportModuleError", f"Unable to import module '{module_name}'", error) from None
    except Exception as error:
        raise LoadError("UserCodeError", f"{type(error).__name__}: {error}", error) from None
    function = getattr(module, function_name, None)
    if not callable(function):
        raise LoadError("HandlerNotFound", f"Handler '{function_name}' is missing on module '{module_name}'")
    return function


class Environment:
    """The function this process serves."""

    def __init__(self, load, code):
        hooks = (load.get(key) or "" for key in ("initializer", "preFreeze", "preStop"))
        self._names = (load["handler"], *hooks, load["handler"])  # by kind of call
        self._functions = [None] * len(self._names)
        self.make_context = context_class(load)
        self.formatter = install_logger()
        self._replace_environment(load.get("env") or {})
        os.chdir(code)
        version = "%d.%d" % sys.version_info[:2]
        layers = ["/opt/python", f"/opt/python/lib/python{version}/site-packages"]
        asked_for = [path for path in os.environ.get("PYTHONPATH", "").split(":") if path]
        sys.path[:0] = [code, *asked_for, *(path for path in layers if os.path.isdir(path))]
        sys.argv = [code]
        sys.dont_write_bytecode = True  # /code cannot be written

    @staticmethod
    def _replace_environment(variables):
        os.environ.clear()
        os.environ.update(variables)
        time.tzset()

    def function(self, kind):
        function = self._functions[kind]
        if function is None:
            function = self._functions[kind] = load_function(self._names[kind])
        return function


def encode(result):
    if isinstance(result, bytes):
        return result
    if isinstance(result, str):
        return result.encode()
    if isinstance(result, (bytearray, memoryview)):
        return bytes(result)
    return json.dumps(result).encode()


def call(environment, kind, context_text, event):
    """One call: the answer's type, flags and payload."""
    request_id = request_id_of(context_text)
    environment.formatter.request_id = request_id
    try:
        function = environment.function(kind)
        context = environment.make_context(context_text, request_id)
        if kind == frames.HANDLER:
            answer = frames.RESULT, 0, encode(function(event, context))
        elif kind == frames.HTTP:
            answer = frames.RESULT, frames.HTTP_HEAD, respond(function, context, event)
        else:
            function(context)
            answer = frames.RESULT, 0, b""
    except SystemExit as stop:
        leave(exit_status(stop.code))
    except BaseException as error:
        answer = frames.ERROR, 0, error_json(error)
        try:
            print_error(error, sys.stderr)
        except Exception:
            pass
    flush(sys.stderr)
    flush(sys.stdout)
    return answer


def flush(stream):
    try:
        stream.flush()
    except Exception:
        pass


def prepare_streams():
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def serve_calls(channel, environment):
    read, send, unpack = channel.read_frame, channel.send, frames.INVOKE_HEAD.unpack_from
    while True:
        frame = read(frames.INVOKE)
        if frame is None:
            return
        request, bytes_of = frame
        if len(bytes_of) < 24:
            raise frames.Broken("a call that is cut short")
        flags, _, which, context_bytes = unpack(bytes_of)[2:]
        event_at = 24 + context_bytes
        if which > frames.HTTP or event_at > len(bytes_of):
            raise frames.Broken("a call of a kind or size that there is not")
        event = channel.event_of(bytes_of, event_at) if flags else bytes(bytes_of[event_at:])
        answer, flags, payload = call(environment, which, bytes(bytes_of[24:event_at]), event)
        send(answer, flags, request, payload)


def become(channel, payload, code="/code"):
    """Serves the function that the payload of LOAD describes, which still is to come when None. Does not return."""
    status = 0
    try:
        prepare_streams()
        if payload is None:
            frame = channel.read_frame(frames.LOAD)
            if frame is None:
                leave(0)
            payload = bytes(frame[1][16:])
        reseed()
        load = json.loads(payload)
        channel.share(load.get("memory"))
        environment = Environment(load, code)
        # a process the function forks has no channel: it cannot answer in its parent's place
        os.register_at_fork(after_in_child=channel.close)
        serve_calls(channel, environment)
    except OSError:
        pass  # the engine has gone
    except Exception as error:
        print(f"hotcell shim: {type(error).__name__}: {error}", file=sys.stderr)
        status = 1
    leave(status)


def warm_up():
    """Does once what a first call would make the interpreter do for the first time."""
    handlers = {
        frames.HANDLER: load_function("hotcell_shim.warm.handler"),
        frames.HTTP: load_function("hotcell_shim.warm.application"),
    }
    environment = types.SimpleNamespace(
        make_context=context_class({"handler": "index.handler"}),
        formatter=types.SimpleNamespace(),
        function=handlers.get,
    )
    http = b'"http":{"method":"GET","path":"/a","requestURI":"/a?b","host":"h:1","headers":{"accept":["*/*"]}}'
    for kind in handlers:
        call(environment, kind, b'{"requestId":"warm","retryCount":0,"credentials":{},%s}' % http, b"event")
    try:
        raise ValueError("warm")
    except ValueError as error:
        error_json(error)
    json.loads('{"a": [1, 2.5, "b", null]}')
