"""Files written whole or not at all: also when the process is killed or the disk is full, the old one stays."""

import errno
import json
import os
from pathlib import Path
from typing import Any


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Writes beside the file's place, syncs, renames, and syncs the folder's entry.

    Raises:
        OSError: the file cannot be written; what stood there before still does.
    """
    partial = partial_of(path)
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
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
    write_whole(path, text.encode())


def is_full(error: BaseException) -> bool:
    """Whether an error says that there is no room left: a full disk or a used-up quota."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, OSError) and error.errno in full
