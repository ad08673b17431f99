"""Makes the byte code of a package when it is deployed, so that no start compiles it again.

The package, a zip, on standard input; on standard output the files to add, as an unpacked stream (docs/protocol/packages.md).
Runs inside a sandbox of its own: the package is a stranger's. What cannot be compiled is left out: it fails when it is imported.
The byte code is unchecked: the tree it is put in never changes, and the files' times say nothing.
"""
import importlib.util
import io
import marshal
import struct
import sys
import zipfile

MOST_SOURCE = 2 << 20
FILE, END = 1, 4
IS_LINK, IS_UTF8 = 0o120000, 0x800


class Stream:
    def __init__(self, out):
        self._out = out
        self._entries = self._bytes = 0
        out.write(b"HLCUNPAK" + struct.pack("<II", 1, 0))

    def _entry(self, kind, mode, path_size, size):
        self._out.write(struct.pack("<BBHIQ", kind, 0, mode, path_size, size))

    def file(self, path, content):
        name = path.encode()
        self._entry(FILE, 0o644, len(name), len(content))
        self._out.write(name)
        self._out.write(content)
        self._out.flush()  # whatever becomes of the next one, this one is whole
        self._entries += 1
        self._bytes += len(content)

    def end(self):
        self._entry(END, 0, self._entries, self._bytes)
        self._out.flush()


def name_of(info):
    """Names are UTF-8 whatever the archive says."""
    return info.filename if info.flag_bits & IS_UTF8 else info.filename.encode("cp437").decode("utf-8")


def byte_code(source, path):
    code = compile(source, path, "exec", dont_inherit=True)
    return importlib.util.MAGIC_NUMBER + struct.pack("<I", 0b01) + importlib.util.source_hash(source) + marshal.dumps(code)


def sources(package):
    for info in package.infolist():
        if not info.filename.endswith(".py") or info.file_size > MOST_SOURCE or (info.external_attr >> 16) & 0o170000 == IS_LINK:
            continue
        yield info


def main(top):
    package = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
    stream = Stream(sys.stdout.buffer)
    for info in sources(package):
        try:
            name = name_of(info)
            content = byte_code(package.read(info), f"{top}/{name}")
        except Exception:  # a syntax error, an encoding that is none, nesting too deep, a broken archive
            continue
        stream.file(importlib.util.cache_from_source(name), content)
    stream.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
