"""Limits the work that a picture's file can ask of its decoder, which its pixels and bytes alone do not bound."""

import re
import time
from collections.abc import Iterable
from typing import Any, BinaryIO

from PIL import Image

from akshar.errors import DataError

DECODING_SECONDS = 10.0  # of processor time; 50 megapixels take 1 to 3
# A JPEG may hold any number of scans, and each passes over the whole picture. Cameras write 1, progressive encoders
# about 10, and 18 for CMYK. https://bugzilla.redhat.com/show_bug.cgi?id=1344214
SCANS = 100
SCANNED_PIXELS = 1_000_000_000  # scans times pixels: 20 scans of the largest picture
SEGMENTS = 10_000  # of a JPEG, also without scans; profiles and thumbnails take some hundreds
PARTS = 100_000  # strips or tiles of a TIFF
PART_PIXELS = 50_000_000  # of a TIFF's tile, which is decoded whole even if the picture is smaller
COMMENTS = 1000  # in the values of a PPM in text, where each costs a copy of a megabyte

BLOCK = 4096  # bytes read at once while looking for a JPEG's markers
MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")  # without stuffed zeros, fill bytes and restarts
START, END, SCAN = 0xD8, 0xD9, 0xDA
# Tags of TIFF
STRIP_OFFSETS, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, OLD_JPEG_OFFSET = 273, 322, 323, 324, 513


class LimitedFile:
    """A file for Pillow that can be read until the reading thread has used DECODING_SECONDS of processor time.

    This bounds decoders that read as they go, also those written in Python. What stays within one call of C is
    bounded by `check_work`.

    Args:
        file: open and seekable; everything but `read` is its own.
    """

    def __init__(self, file: BinaryIO):
        self._file = file
        self._end = time.thread_time() + DECODING_SECONDS

    def read(self, size: int = -1) -> bytes:
        """Read like the file.

        Raises:
            DataError: the time is used up.
        """
        if time.thread_time() > self._end:
            raise DataError(f"takes more than {DECODING_SECONDS:g} s to decode; save it as PNG or JPEG")
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def check_work(image: Image.Image, file: BinaryIO) -> None:
    """Check an opened picture before it is decoded.

    Args:
        image: just opened from the file.
        file: its position is kept.

    Raises:
        DataError: the picture asks for much more work than others of its size; the message does not name the file.
    """
    position = file.tell()
    if image.format in ("JPEG", "MPO"):
        _check_scans(image, file, [0])
    elif image.format == "TIFF":
        _check_tiff(image, file)
    elif image.format == "PPM" and any(tile[0] == "ppm_plain" for tile in getattr(image, "tile", ())):
        file.seek(0)
        comments = sum(block.count(b"#") for block in iter(lambda: file.read(1 << 20), b""))
        if comments > COMMENTS:
            raise DataError(f"{comments:,} comments, more than the {COMMENTS:,} allowed")
    file.seek(position)


def count_scans(file: BinaryIO, most: int) -> int:
    """Count the scans of a JPEG as libjpeg finds them: not those of a thumbnail in a segment.

    Args:
        file: positioned at the JPEG's first byte, or at a strip of one.
        most: number after which counting stops.

    Raises:
        DataError: more than SEGMENTS.
    """
    scans = segments = 0
    first = file.read(2)
    if first != b"\xff\xd8":
        file.seek(-len(first), 1)
    while scans <= most and (block := file.read(BLOCK)):
        found = MARKER.search(block)
        if found is None:
            if block.endswith(b"\xff") and len(block) > 1:  # the marker's other half is in the next block
                file.seek(-1, 1)
            continue
        marker = found[0][1]
        if marker in (START, END):
            break
        scans += marker == SCAN
        segments += 1
        if segments > SEGMENTS:
            raise DataError(f"a JPEG of more than {SEGMENTS:,} segments, which takes too long to decode")
        file.seek(found.end() - len(block), 1)
        length = int.from_bytes(file.read(2), "big")
        file.seek(max(0, length - 2), 1)
    return scans


def _check_scans(image: Image.Image, file: BinaryIO, starts: Iterable[int]) -> None:
    most = min(SCANS, SCANNED_PIXELS // max(1, image.width * image.height))
    for start in starts:
        file.seek(start)
        if count_scans(file, most) > most:
            raise DataError(f"a JPEG of more than {most} scans, which takes too long to decode")


def _check_tiff(image: Image.Image, file: BinaryIO) -> None:
    tags: Any = getattr(image, "tag_v2", {})
    width, length = tags.get(TILE_WIDTH, 0), tags.get(TILE_LENGTH, 0)
    if isinstance(width, int) and isinstance(length, int) and width * length > PART_PIXELS:
        raise DataError(f"a TIFF with tiles of {width} x {length} pixels")
    offsets = [*tags.get(STRIP_OFFSETS, ()), *tags.get(TILE_OFFSETS, ())]
    if len(offsets) > PARTS:
        raise DataError(f"a TIFF of {len(offsets):,} parts, more than the {PARTS:,} allowed")
    if image.info.get("compression") in ("jpeg", "tiff_jpeg"):
        old = [offset for offset in (tags.get(OLD_JPEG_OFFSET),) if isinstance(offset, int)]
        _check_scans(image, file, {*offsets, *old})
