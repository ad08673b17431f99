"""The frames of the channel, as engine/protocol/channel.h has them: one read and one write for a small call.

Not here: what a frame means (function.py). The main thread alone reads and writes.
"""
import io
import mmap
import os
import struct
import sys
import time

CALLS, MEMORY, ANSWERS = 3, 4, 5
READY, LOAD, INVOKE, RESULT, ERROR = 1, 4, 5, 6, 7
HANDLER, INITIALIZER, PRE_FREEZE, PRE_STOP, HTTP = range(5)
HTTP_HEAD = 1  # flag of a RESULT
SHARED = 4  # flag of an INVOKE and of a RESULT: where in shared memory the bytes lie
WHERE = struct.Struct("<II")
HEAD = struct.Struct("<IHHQ")
INVOKE_HEAD = struct.Struct("<IHHQII")  # a call's frame and what its payload begins with
MOST_LOAD_BYTES = 1 << 20
AT_ONCE = 1 << 16  # a frame of up to so many bytes comes in one read and goes out in one piece


class Broken(Exception):
    """The other end is not the engine, or not of this version."""


class Channel:
    """Owns descriptors 3 and 5, and 4 where LOAD says so, which programs started by the function do not inherit."""

    def __init__(self):
        os.set_inheritable(CALLS, False)
        os.set_inheritable(ANSWERS, False)
        self._calls = io.FileIO(CALLS, "r")
        self._answers = io.FileIO(ANSWERS, "w")
        self._buffer = bytearray(AT_ONCE)
        self._view = memoryview(self._buffer)
        self._filled = 0  # bytes of the next frame that have come already
        self._results_from = sys.maxsize  # results of so many bytes go through shared memory
        self._results_at = self._memory_size = 0
        self._memory = None  # mapped from the first payload on

    def share(self, memory):
        """LOAD's `memory`, if it has one."""
        if memory is None:
            return
        os.set_inheritable(MEMORY, False)
        self._results_at, self._memory_size = memory["resultsAt"], memory["size"]
        self._results_from = memory.get("resultsFrom", sys.maxsize)

    def close(self):
        self._calls.close()
        self._answers.close()
        if self._memory is not None:
            self._memory.close()
        elif self._memory_size:
            os.close(MEMORY)

    def send_ready(self):
        self._write(HEAD.pack(16, READY, 0, 0) + struct.pack("<QQ", 0, time.monotonic_ns()))

    def read_frame(self, expected):
        """(request, memoryview of head and payload) of a frame of this type, valid until the next read; None at the
        channel's end."""
        filled = self._filled
        while filled < 16:
            count = self._calls.readinto(self._view[filled:])
            if count == 0:
                if filled:
                    raise Broken("the channel ended within a frame")
                return None
            filled += count
        length, kind, _, request = HEAD.unpack_from(self._buffer)
        if kind != expected or (kind == LOAD and length > MOST_LOAD_BYTES):
            raise Broken(f"a frame of type {kind} and {length} bytes where one of type {expected} was to come")
        total = 16 + length
        if filled == total:
            self._filled = 0
            return request, self._view[:total]
        return request, self._read_rest(filled, total)

    def _read_rest(self, filled, total):
        if filled > total:  # the beginning of another frame came along
            frame = memoryview(bytes(self._view[:total]))
            self._filled = filled - total
            self._buffer[: self._filled] = self._buffer[total:filled]
            return frame
        frame = memoryview(bytearray(total))
        frame[:filled] = self._view[:filled]
        while filled < total:
            count = self._calls.readinto(frame[filled:])
            if count == 0:
                raise Broken("the channel ended within a frame")
            filled += count
        self._filled = 0
        return frame

    def _map(self):
        if self._memory is None:
            self._memory = mmap.mmap(MEMORY, self._memory_size)  # which keeps a descriptor of its own
            os.close(MEMORY)
        return self._memory

    def event_of(self, frame, at):
        """The event of an INVOKE that says where it lies."""
        if len(frame) != at + 8:
            raise Broken("a place in shared memory that is none")
        offset, length = WHERE.unpack_from(frame, at)
        event = self._map()[offset : offset + length]
        if len(event) != length:
            raise Broken("an event that does not lie in shared memory")
        return event

    def send(self, kind, flags, request, payload):
        length = len(payload)
        at = self._results_at
        if length >= self._results_from and kind == RESULT and at + length <= self._memory_size:
            self._map()[at : at + length] = payload
            flags |= SHARED
            payload = WHERE.pack(at, length)
        head = HEAD.pack(len(payload), kind, flags, request)
        if len(payload) <= AT_ONCE:
            self._write(head + payload)
        else:
            self._write(head)
            self._write(payload)

    def _write(self, data):
        """The pipe takes all of it, but for a signal that a handler of the function's has taken meanwhile."""
        written = self._answers.write(data)
        while written < len(data):
            data = memoryview(data)[written:]
            written = self._answers.write(data)
