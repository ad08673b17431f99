"""What went wrong, as the JSON of an ERROR frame in the shape functions of this language are known for."""
import json
import traceback

MOST_FRAMES = 100  # the innermost
MOST_MESSAGE = 1 << 16
MOST_PRINTED = 1 << 15


class LoadError(Exception):
    """The code could not be loaded; `type_name` is what callers see, `cause` what the code raised, if it did."""

    def __init__(self, type_name, message, cause=None):
        super().__init__(message)
        self.type_name = type_name
        self.cause = cause


def _message(error):
    try:
        return str(error)[:MOST_MESSAGE]
    except Exception:
        return f"<{type(error).__name__} whose text cannot be had>"


def _is_users(frame):
    file = frame.filename
    return not (file.startswith("<frozen importlib") or file.endswith("/importlib/__init__.py") or _OWN in file)


_OWN = "/hotcell_shim/"


def _stack(error):
    """The frames of the function's own code: lists of file, line, function and source."""
    frames = traceback.extract_tb(error.__traceback__, limit=-MOST_FRAMES)
    stack = [
        [f'File "{frame.filename}"', f"line {frame.lineno}", f"in {frame.name}", frame.line or ""]
        for frame in frames
        if _is_users(frame)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        stack.append([f'File "{error.filename}"', f"line {error.lineno}", (error.text or "").rstrip("\n")])
    return stack


def error_json(error):
    """Prints the traceback of what the code raised, too: a message alone is rarely enough to find the place."""
    cause = error.cause if isinstance(error, LoadError) else error
    try:
        stack = _stack(cause) if cause is not None else []
    except Exception:  # a module may do odd things to what tracebacks are made of
        stack = []
    name = error.type_name if isinstance(error, LoadError) else type(error).__name__
    text = json.dumps({"errorMessage": _message(error), "errorType": name, "stackTrace": stack})
    return text.encode("utf-8", "replace")


def print_error(error, stream):
    cause = error.cause if isinstance(error, LoadError) else error
    if cause is None:
        print(f"{error.type_name}: {error}", file=stream)
        return
    frames = traceback.TracebackException(type(cause), cause, cause.__traceback__, limit=-MOST_FRAMES)
    frames.stack = traceback.StackSummary.from_list([frame for frame in frames.stack if _is_users(frame)])
    text = "".join(frames.format())
    if len(text) > MOST_PRINTED:
        text = text[: MOST_PRINTED - 4] + "...\n"
    stream.write(text)
