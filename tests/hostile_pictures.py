"""Files of pictures, and small ones that ask for far more work than their bytes or pixels suggest."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from akshar.pictures.work_limits import OLD_JPEG_OFFSET, STRIP_OFFSETS, TILE_LENGTH, TILE_OFFSETS, TILE_WIDTH


def picture_bytes(kind):
    ink = np.zeros((40, 40), np.uint8)
    ink[8:32, 18:22] = 255
    content = io.BytesIO()
    Image.fromarray(255 - ink).save(content, format=kind)
    return content.getvalue()


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of_size(side):
    """A PNG whose header promises side x side pixels, with nothing behind it."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b""))
        + png_chunk(b"IEND", b"")
    )


def jpeg(width=64, height=64, **options):
    """A JPEG of a dark bar; `progressive=True` makes several scans."""
    pixels = np.full((height, width), 255, np.uint8)
    pixels[height // 5 : -height // 5, width * 2 // 5 : width * 3 // 5] = 0
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", **options)
    return content.getvalue()


def jpeg_with_scans(times, width=64, height=64):
    """A progressive JPEG whose last scan is there again and again."""
    content = jpeg(width, height, progressive=True)
    start = content.rindex(b"\xff\xda")
    return content[:start] + content[start:-2] * times + content[-2:]


def mpo(first):
    """A JPEG with the index of two pictures, as from a camera with two lenses."""
    small, content = Image.new("L", (16, 16)), io.BytesIO()
    small.save(content, "MPO", save_all=True, append_images=[small])
    both = content.getvalue()
    start = both.index(b"\xff\xe2")
    index = both[start : start + 2 + int.from_bytes(both[start + 2 : start + 4], "big")]
    return first[:2] + index + first[2:]


def tiff(width, height, compression, parts, repeat=1, rows=None, tile=None):
    """A grey TIFF of strips or tiles, whose offsets are repeated without their bytes."""
    at, offsets, counts = 8, [], []
    for part in parts:
        offsets.append(at)
        counts.append(len(part))
        at += len(part)
    where = (TILE_OFFSETS, 325) if tile else (STRIP_OFFSETS, 279)
    tags = {256: [width], 257: [height], 258: [8], 259: [compression], 262: [1], 277: [1]}
    tags |= {where[0]: offsets * repeat, where[1]: counts * repeat}
    tags |= {TILE_WIDTH: [tile[0]], TILE_LENGTH: [tile[1]]} if tile else {278: [rows or height]}
    if compression == 6:
        tags |= {OLD_JPEG_OFFSET: [8]}
    body, entries = b"".join(parts), b""
    behind = b""
    first = 8 + len(body) + 2 + 12 * len(tags) + 4
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"<{len(values)}I", *values)
        place = packed if len(values) == 1 else struct.pack("<I", first + len(behind))
        behind += b"" if len(values) == 1 else packed
        entries += struct.pack("<HHI", tag, 4, len(values)) + place
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + directory + behind


def slow_pgm(width, height):
    """A PGM with 100 for white, which Pillow decodes pixel by pixel in Python."""
    return b"P5 %d %d 100\n" % (width, height) + b"\x64" * (width * height)
