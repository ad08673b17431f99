"""Header and brightness of a PNG image (8 bits a sample, not interlaced): size, colour type, mean, minimum, maximum and a
histogram of four bins. The weights of the colours are made once."""
import json
import struct
import zlib

weights = {}
samples_of = {0: 1, 2: 3, 4: 2, 6: 4}


def initialize(context):
    for kind in (0, 4):
        weights[kind] = (1000,)
    for kind in (2, 6):
        weights[kind] = (299, 587, 114)


def chunks(png):
    at = 8
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at:at + 8])
        yield name, png[at + 8:at + 8 + length]
        at += 12 + length


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def unfilter(kind, line, above, step):
    for i in range(len(line)):
        a = line[i - step] if i >= step else 0
        b = above[i]
        if kind == 1:
            line[i] = (line[i] + a) & 255
        elif kind == 2:
            line[i] = (line[i] + b) & 255
        elif kind == 3:
            line[i] = (line[i] + (a + b) // 2) & 255
        elif kind == 4:
            line[i] = (line[i] + paeth(a, b, above[i - step] if i >= step else 0)) & 255
    return line


def handler(event, context):
    if event[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("not a PNG image")
    data = b""
    for name, body in chunks(event):
        if name == b"IHDR":
            width, height, depth, kind, _, _, interlace = struct.unpack(">IIBBBBB", body)
        elif name == b"IDAT":
            data += body
    if depth != 8 or interlace or kind not in samples_of:
        raise ValueError(f"bit depth {depth}, colour type {kind}, interlace {interlace}: not supported")
    raw, step = zlib.decompress(data), samples_of[kind]
    stride, above = width * step, bytearray(width * step)
    total, least, most, bins = 0, 255, 0, [0, 0, 0, 0]
    for y in range(height):
        at = y * (stride + 1)
        above = unfilter(raw[at], bytearray(raw[at + 1:at + 1 + stride]), above, step)
        for x in range(0, stride, step):
            light = sum(weight * above[x + i] for i, weight in enumerate(weights[kind])) // 1000
            total += light
            least, most = min(least, light), max(most, light)
            bins[light >> 6] += 1
    return json.dumps({"width": width, "height": height, "colorType": kind, "mean": total // (width * height),
                       "least": least, "most": most, "histogram": bins}, separators=(",", ":"))
