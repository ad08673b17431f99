"""The function side of the Python shim: docs/protocol/shim-channel.md in Python.

A package of its own, so that none of its names stands in the way of a module of the function's code.
"""
