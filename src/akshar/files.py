"""Atomic file writes: if the process is killed or the disk is full, the old file stays as it was."""

import errno
import json
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

RIGHTS = ("st_mode", "st_uid", "st_gid")  # in a file's status
JOINERS = "\u200c\u200d"  # part of the spelling of many scripts, though Python counts them as unprintable


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is synced and becomes `path` if the `with` block succeeds.

    Links are followed, and an existing file keeps its mode and owner. What cannot be replaced (a device, a pipe,
    /dev/stdout) is written directly.

    Raises:
        OSError: the file cannot be written; it names `path`. An existing regular file is unchanged.
    """
    try:
        target, before = target_of(path)
        with _opened_directly(path, before) if is_special(before) else _replacing(target, before) as file:
            yield file
    except OSError as error:
        if error.errno is not None:  # libraries raise some with a text alone
            error.filename, error.filename2 = str(path), None
        raise


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file completely, or leave the old one; see `atomic_file`."""
    with atomic_file(path) as file:
        file.write(content)


def link_atomic(source: Path, path: Path) -> None:
    """Replace `path` by a hard link to a complete file; symbolic links are followed.

    Raises:
        OSError: the file system does not support hard links, or what is at `path` has another kind, mode or owner.
    """
    target, before = target_of(path)
    linked = source.stat()
    if before is not None and any(getattr(before, key) != getattr(linked, key) for key in RIGHTS):
        raise OSError(errno.EPERM, "a link would change its mode or owner", str(path))
    with partial_beside(target) as partial:
        os.link(os.path.realpath(source), partial)
        _replace(partial, target)


def target_of(path: Path) -> tuple[Path, os.stat_result | None]:
    """Follow links to the file that would be written; return its path, and its status where it exists.

    Raises:
        OSError: its status cannot be read, or its mode forbids to write it.
    """
    try:
        before = path.stat()
    except FileNotFoundError:
        before = None
    if before is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return Path(os.path.realpath(path)), before


@contextmanager
def partial_beside(target: Path) -> Iterator[Path]:
    """Yield a new path beside `target`; a file that is still there at the end is removed.

    The name is short, so that it fits wherever that of `target` does; `RunDir.clear_partial` knows its form.
    """
    partial = target.with_name(f".akshar-{secrets.token_hex(4)}.partial")
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def is_special(status: os.stat_result | None) -> bool:
    """Whether a file cannot be replaced: a device, a pipe, or what this process's stdout or stderr goes to."""
    return status is not None and (not stat.S_ISREG(status.st_mode) or _own_stream(status) is not None)


def _own_stream(status: os.stat_result) -> int | None:
    for number in (1, 2):
        with suppress(OSError):  # closed
            if os.path.samestat(status, os.fstat(number)):
                return number
    return None


def _opened_directly(path: Path, status: os.stat_result | None) -> BinaryIO:
    number = status and _own_stream(status)
    if number is None:
        return path.open("wb")
    for stream in (sys.stdout, sys.stderr):  # what was printed before comes first
        stream.flush()
    return os.fdopen(os.dup(number), "wb")


@contextmanager
def _replacing(target: Path, before: os.stat_result | None) -> Iterator[BinaryIO]:
    with partial_beside(target) as partial:
        with partial.open("xb") as file:  # "x": follows no link that somebody else put there
            if before is not None and os.name == "posix":
                _keep_owner_and_mode(file.fileno(), before)
            yield file
            file.flush()
            os.fsync(file.fileno())
        _replace(partial, target)


def _keep_owner_and_mode(number: int, status: os.stat_result) -> None:
    for owner in ((-1, status.st_gid), (status.st_uid, -1)):
        with suppress(PermissionError):  # only root may give a file away
            os.fchown(number, *owner)
    os.fchmod(number, status.st_mode & 0o777)


def _replace(partial: Path, path: Path) -> None:
    partial.replace(path)
    if os.name == "posix":  # only there can a folder be opened and synced
        with suppress(PermissionError):  # a folder that may be written but not read
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def write_json(path: Path, content: Any) -> None:
    """Write plain values as a JSON file, atomically."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_atomic(path, text.encode())


def is_full(error: BaseException) -> bool:
    """Whether an error means that no space is left: a full disk or an exhausted quota."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, OSError) and error.errno in full


def failure_reason(error: OSError) -> str:
    """Why a file could not be written or read, in a few words."""
    return "no space left for it" if is_full(error) else error.strerror or str(error)


def as_typed(path: Path) -> str:
    """Return a path as one would type it: relative where it lies below the working directory, else as it is."""
    shown = os.path.relpath(path)
    # A job with hydra.job.chdir=true has its own folder as working directory, and a shell has another one
    return str(path) if shown.startswith("..") or shown == "." else shown


def printable(text: object) -> str:
    r"""Escape control characters, so that text from a file cannot move the terminal's cursor.

    >>> printable("चित्र\x1b[2J.png")
    'चित्र\\x1b[2J.png'
    """
    text = str(text)
    if text.isprintable():  # as nearly all are
        return text
    return "".join(char if char.isprintable() or char in JOINERS else repr(char)[1:-1] for char in text)


def parse_json(text: str | None) -> Any:
    """Parse JSON from elsewhere; None where the text is missing or not JSON."""
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return None
