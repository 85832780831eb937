"""Files written whole or not at all: also when the process is killed or the disk is full, the old one stays."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

JOINERS = "\u200c\u200d"  # belong to Devanagari's spelling, though Python counts them as unprintable


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, beside its place; synced and renamed when all went well.

    Raises:
        OSError: the file cannot be written; what stood there before still does.
    """
    partial = partial_of(path)
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _put(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes) -> None:
    """Writes a file whole, or leaves the old one; see `atomic_file`."""
    with atomic_file(path) as file:
        file.write(content)


def link_atomic(source: Path, path: Path) -> None:
    """Gives a file that is whole a second name, in place of what stood there.

    Raises:
        OSError: the file system knows no second names.
    """
    partial = partial_of(path)
    partial.unlink(missing_ok=True)
    os.link(source, partial)
    _put(partial, path)


def _put(partial: Path, path: Path) -> None:
    partial.replace(path)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def partial_of(path: Path) -> Path:
    """Where a file is while it is being written; what a killed process leaves there is never read."""
    return path.with_name(f".{path.name}.partial")


def write_json(path: Path, content: Any) -> None:
    """Writes plain values as JSON, whole."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_atomic(path, text.encode())


def is_full(error: BaseException) -> bool:
    """Whether an error says that there is no room left: a full disk or a used-up quota."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, OSError) and error.errno in full


def printable(text: object) -> str:
    r"""One line that can be shown: a name from elsewhere may hold what moves a terminal's cursor.

    >>> printable("चित्र\x1b[2J.png")
    'चित्र\\x1b[2J.png'
    """
    return "".join(char if char.isprintable() or char in JOINERS else repr(char)[1:-1] for char in str(text))


def parse_json(text: str | None) -> Any:
    """Parses JSON from elsewhere; None where the text is missing or not JSON."""
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return None
