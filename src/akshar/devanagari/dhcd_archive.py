"""Reader of DHCD's zip or its unpacked folder: every image in label order, or an error that lists what differs."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from akshar.data.cache import Arrays
from akshar.devanagari.cards import INPUT_SPEC
from akshar.errors import DataError
from akshar.files import printable

SIZE = (INPUT_SPEC.height, INPUT_SPEC.width)
LISTED = 5  # differences listed in one message
MAX_IMAGE_BYTES = 100_000  # a 32x32 PNG has under 2,000
MAX_INNER_BYTES = 120_000_000  # DHCD's has 76 MB
_IMAGE = re.compile(r"(?:^|/)(Train|Test)/([^/]+)/(\d+)\.png$")

Reader = Callable[[], bytes]
Images = dict[tuple[str, str], dict[int, Reader]]  # by part and class, then by number


@dataclass(frozen=True)
class Layout:
    """Expected contents of an archive.

    Attributes:
        classes: folder names, in label order.
        per_class: number of images of each class, by part ("Train", "Test").
        digests: sha256 of the pixels, by part; images by class, then by the number in the file's name.
    """

    classes: tuple[str, ...]
    per_class: Mapping[str, int]
    digests: Mapping[str, str]


def read_archive(path: Path, layout: Layout) -> Arrays:
    """Decode all images of an archive in memory; nothing is unpacked to disk.

    Args:
        path: a zip (also one inside another) or the folder it unpacks to.
        layout: expected contents.

    Returns:
        For each part `"<part>-pixels"`, uint8 (N, 32, 32), and `"<part>-numbers"`, int64 (N,).

    Raises:
        DataError: images are missing, unexpected or unreadable; the message names the archive.
    """
    with _members(path) as members:
        images: Images = {}
        duplicates = []
        for name, read in members:
            if match := _IMAGE.search(name):
                part, class_name, number = match[1], match[2], int(match[3])
                of_class = images.setdefault((part, class_name), {})
                duplicates += [f"{name} is there twice"] if number in of_class else []
                of_class[number] = read
        _refuse(path, duplicates + _layout_differences(images, layout))
        return _decode(path, images, layout)


def archive_files(path: Path) -> Iterator[Path]:
    """Yield the archive's file, or all images of the folder, in a fixed order.

    Raises:
        DataError: there is no such file or folder.
    """
    if path.is_dir():
        yield from sorted(path.rglob("*.png"))
    elif path.exists():
        yield path.resolve()
    else:
        raise DataError(f"data.archive={path}: no such file or folder (from data.archive or AKSHAR_DHCD)")


@contextmanager
def _members(path: Path) -> Iterator[Iterator[tuple[str, Reader]]]:
    """Open an archive and yield the names and readers of its files."""
    if path.is_dir():
        yield ((file.as_posix(), lambda file=file: _read_file(file)) for file in archive_files(path))
        return
    try:
        with zipfile.ZipFile(path) as archive:
            inner = [info for info in archive.infolist() if info.filename.endswith(".zip")]
            if len(inner) == 1 and not any(_IMAGE.search(name) for name in archive.namelist()):
                with zipfile.ZipFile(io.BytesIO(_read_member(archive, inner[0], MAX_INNER_BYTES))) as nested:
                    yield _zip_members(nested)
            else:
                yield _zip_members(archive)
    except DataError:
        raise
    except Exception as error:  # zipfile and its decompressors raise many kinds
        message = f"{path}: not a zip, or a broken one ({error}); download it again"
        raise DataError(printable(message)) from error


def _zip_members(archive: zipfile.ZipFile) -> Iterator[tuple[str, Reader]]:
    for info in archive.infolist():
        yield info.filename, lambda info=info: _read_member(archive, info, MAX_IMAGE_BYTES)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    """Unpack one file; the size in its header may be wrong, so reading stops at the limit."""
    content = b""
    if info.file_size <= limit:
        with archive.open(info) as file:
            content = file.read(limit + 1)
    if max(len(content), info.file_size) > limit:
        raise ValueError(f"unpacks to more than {limit:,} bytes")
    return content


def _read_file(path: Path) -> bytes:
    if not path.is_file():  # reading a pipe or a device could block
        raise ValueError("not a regular file")
    if path.stat().st_size > MAX_IMAGE_BYTES:
        raise ValueError(f"has more than {MAX_IMAGE_BYTES:,} bytes")
    return path.read_bytes()


def _layout_differences(images: Images, layout: Layout) -> list[str]:
    if not images:
        return ["holds no {Train,Test}/<class>/<number>.png"]
    differences = []
    for part, expected in layout.per_class.items():
        for name in layout.classes:
            count = len(images.get((part, name), ()))
            if not count:
                differences.append(f"{part}/{name} is missing")
            elif count != expected:
                differences.append(f"{part}/{name} has {count} images, not {expected}")
    unknown = {f"{part}/{name}" for part, name in images if name not in layout.classes}
    return differences + [f"{name} is not a class of DHCD" for name in sorted(unknown)]


def _decode(path: Path, images: Images, layout: Layout) -> Arrays:
    arrays: Arrays = {}
    broken: list[str] = []
    total = len(layout.classes) * sum(layout.per_class.values())
    with tqdm(total=total, desc="decoding DHCD", unit=" images", disable=None, leave=False) as progress:
        for part, per_class in layout.per_class.items():
            pixels = np.zeros((len(layout.classes) * per_class, *SIZE), np.uint8)
            numbers = np.zeros(len(pixels), np.int64)
            position = 0
            for name in layout.classes:
                for number, read in sorted(images[part, name].items()):
                    try:
                        pixels[position] = _pixels(read())
                    except Exception as error:  # Pillow and zlib raise almost anything on a broken file
                        broken.append(f"{part}/{name}/{number}.png cannot be read ({error})")
                    numbers[position] = number
                    position += 1
                    progress.update()
            arrays |= {f"{part}-pixels": pixels, f"{part}-numbers": numbers}
    _refuse(path, broken)
    return arrays


def _pixels(png: bytes) -> np.ndarray:
    try:
        opened = Image.open(io.BytesIO(png), formats=["PNG"])
    except UnidentifiedImageError as error:
        raise ValueError("not a PNG") from error
    with opened as image:
        if (image.height, image.width) != SIZE or image.mode != "L":
            raise ValueError(f"{image.width}x{image.height} {image.mode}, not {SIZE[1]}x{SIZE[0]} L")
        return np.asarray(image)


def _refuse(path: Path, differences: list[str]) -> None:
    if differences:
        more = [f"and {len(differences) - LISTED} more"] if len(differences) > LISTED else []
        raise DataError(printable(f"{path} is not DHCD: {'; '.join(differences[:LISTED] + more)}"))
