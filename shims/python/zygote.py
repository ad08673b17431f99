"""The Python forker: boots once, forks a locked child for each program and each function environment.

It runs as an ordinary id without any capability, under the filter and the Landlock domain its children inherit.
Everything imported or run here before serve() is paid once and shared by all children.
"""
import gc
import sys

sys.path[:0] = ["/hotcell/native", "/hotcell/python"]
import _hotcell  # noqa: E402
from hotcell_shim import channel, function  # noqa: E402

del sys.path[:2]

# What programs commonly import; a child finds them loaded.
import atexit  # noqa: E402
import base64  # noqa: E402,F401
import collections  # noqa: E402,F401
import csv  # noqa: E402,F401
import datetime  # noqa: E402,F401
import functools  # noqa: E402,F401
import hashlib  # noqa: E402,F401
import io  # noqa: E402,F401
import itertools  # noqa: E402,F401
import json  # noqa: E402,F401
import math  # noqa: E402,F401
import os  # noqa: E402
import re  # noqa: E402,F401
import string  # noqa: E402,F401
import struct  # noqa: E402,F401
import threading  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402
import types  # noqa: E402


def run_program(argv, environment):
    """Runs argv[0] as __main__ the way `python3 FILE` does. The exit status."""
    os.environ.clear()
    for entry in environment:
        name, _, value = entry.partition("=")
        os.environ[name] = value
    if "TZ" in os.environ:
        time.tzset()
    os.chdir("/code")
    sys.argv = argv
    sys.path.insert(0, "/code")
    main = types.ModuleType("__main__")
    main.__file__ = argv[0]
    main.__builtins__ = __builtins__
    sys.modules["__main__"] = main
    with open(argv[0], "rb") as file:
        source = file.read()
    try:
        exec(compile(source, argv[0], "exec"), main.__dict__)
    except SystemExit as stop:
        return exit_status(stop.code)
    except BaseException as error:
        # the frames of this file are not the program's
        traceback.print_exception(type(error), error, error.__traceback__.tb_next)
        return 1
    return 0


def exit_status(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def leave(status):
    """What the interpreter does at its end, without taking its memory apart."""
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except BaseException:
        status = status or 120
    os._exit(status)


def warm_up():
    """Does once what a first program would make the interpreter do for the first time."""
    main = types.ModuleType("__main__")
    source = (
        "import json, sys\n"
        "def handler(event):\n"
        "    counts = {}\n"
        "    for word in event.decode().split():\n"
        "        counts[word] = counts.get(word, 0) + 1\n"
        "    return json.dumps(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3])\n"
        "result = handler(b'one two two three three three')\n"
    )
    exec(compile(source, "/code/main.py", "exec"), main.__dict__)
    re.findall(r"\w+", "warm up")
    "%s %d %.2f" % ("a", 1, 2.0)
    with open("/etc/passwd", "rb") as file:
        file.read()


def main():
    warm_up()
    function.warm_up()
    gc.collect()
    gc.freeze()
    if not _hotcell.serve():
        return
    # A forked child: locked already. Nothing random may be shared with its siblings.
    function.reseed()
    _hotcell.ready()
    first = _hotcell.receive_first()
    if isinstance(first, bytes):
        function.become(channel.Channel(), first)
    os.close(3)  # the front sees the program start by the channel's end
    if first is None:
        os._exit(0)
    leave(run_program(*first))


main()
