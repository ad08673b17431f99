"""Python as a function environment, without a zygote: `python3 -I shim.py [--code DIR]` with the channel as descriptors 3 and 5.

Boots, says READY, becomes the environment that LOAD names. DIR is where the code lies, /code unless a test says otherwise.
"""
import gc
import os
import sys

# Appended, not put in front: nothing here is to hide a module of the library.
sys.path.append(os.path.dirname(os.path.abspath(__file__)))
from hotcell_shim import channel, function  # noqa: E402

sys.path.pop()


def main(arguments):
    code = "/code"
    if len(arguments) == 2 and arguments[0] == "--code":
        code = arguments[1]
    elif arguments:
        sys.exit("usage: shim.py [--code DIR]")
    function.warm_up()
    gc.collect()
    gc.freeze()
    engine = channel.Channel()
    engine.send_ready()
    function.become(engine, None, code)


main(sys.argv[1:])
