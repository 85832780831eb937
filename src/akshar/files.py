"""Atomic file writes: if the process is killed or the disk is full, the old file stays as it was."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

JOINERS = "\u200c\u200d"  # part of the spelling of many scripts, though Python counts them as unprintable


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`; sync it and rename it to `path` if the `with` block succeeds.

    Raises:
        OSError: the file cannot be written; an existing file at `path` is unchanged.
    """
    partial = partial_of(path)
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file completely, or leave the old one; see `atomic_file`."""
    with atomic_file(path) as file:
        file.write(content)


def link_atomic(source: Path, path: Path) -> None:
    """Replace `path` by a hard link to a complete file.

    Raises:
        OSError: the file system does not support hard links.
    """
    partial = partial_of(path)
    partial.unlink(missing_ok=True)
    os.link(source, partial)
    _replace(partial, path)


def _replace(partial: Path, path: Path) -> None:
    partial.replace(path)
    if os.name == "posix":  # only there can a folder be opened and synced
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def partial_of(path: Path) -> Path:
    """Path of a file while it is being written; one left behind by a killed process is never read."""
    return path.with_name(f".{path.name}.partial")


def write_json(path: Path, content: Any) -> None:
    """Write plain values as a JSON file, atomically."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_atomic(path, text.encode())


def is_full(error: BaseException) -> bool:
    """Whether an error means that no space is left: a full disk or an exhausted quota."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, OSError) and error.errno in full


def printable(text: object) -> str:
    r"""Escape control characters, so that text from a file cannot move the terminal's cursor.

    >>> printable("चित्र\x1b[2J.png")
    'चित्र\\x1b[2J.png'
    """
    return "".join(char if char.isprintable() or char in JOINERS else repr(char)[1:-1] for char in str(text))


def parse_json(text: str | None) -> Any:
    """Parse JSON from elsewhere; None where the text is missing or not JSON."""
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return None
