"""What the last listing of a folder's runs found, so that the next one reads only the runs that changed.

It lies in the user's cache: a folder of runs from elsewhere has no say in it, and one that cannot be written has it
too. Nothing in it is believed before a run's folders, and the files that a row was made of, are found unchanged.
"""

import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from akshar.data.cache import cache_root
from akshar.files import write_atomic
from akshar.untrusted import read_bytes

FORMAT = 1  # another one for another content of a row, or another way to read it
STATUS = "status.json"  # by which a folder is known as a run's
READ = (STATUS, "result.json", "provenance.json")  # from which a row is made
SETTLED = 2_000_000_000  # nanoseconds; what changes within them may have the same times in its file system
MAX_BYTES = 500_000_000  # of an index


@dataclass(frozen=True)
class Tree:
    """The folders of a run, as they were seen.

    Attributes:
        digest: of what identifies the state of its folders and of the files `READ`.
        folders: below the run's, relative to it.
        nested: those among them that hold a `status.json` too.
        size: of all files, bytes.
        is_settled: whether a later change will change the digest.
    """

    digest: str
    folders: list[str]
    nested: list[str]
    size: int
    is_settled: bool


def scan(run: str) -> Tree:
    """Look into every folder of a run."""
    began = time.time_ns()
    folders, nested, size, waiting = [], [], 0, [""]
    while waiting:
        folder = waiting.pop()
        for entry in entries(os.path.join(run, folder)):
            size += entry.size
            if entry.is_folder:
                waiting.append(os.path.join(folder, entry.name))
            if entry.name == STATUS and folder:
                nested.append(folder)
        folders += [folder] if folder else []
    digest, newest = state(run, folders)
    return Tree(digest, folders, nested, size, newest + SETTLED < began)


class Entry(NamedTuple):
    """What a folder holds: a folder, a file of some size, or something else of size 0, such as a link."""

    name: str
    is_folder: bool
    size: int


def entries(folder: str) -> list[Entry]:
    """List a folder; one that cannot be read is empty."""
    found = []
    with suppress(OSError), os.scandir(folder) as listed:
        for entry in listed:
            with suppress(OSError):  # a partial file of a running run, gone by now
                is_file = entry.is_file(follow_symlinks=False)
                size = entry.stat(follow_symlinks=False).st_size if is_file else 0
                found.append(Entry(entry.name, entry.is_dir(follow_symlinks=False), size))
    return found


def state(run: str, folders: list[str]) -> tuple[str, int]:
    """Identify the state of a run's folders and of the files `READ` without reading one of them.

    Returns:
        A digest, and when the newest of them changed, in nanoseconds since 1970.
    """
    seen: list[object] = []
    newest = 0
    for name in ("", *folders, *READ):
        try:
            status = (os.stat if name in READ else os.lstat)(f"{run}/{name}")
        except OSError:
            seen.append(None)
            continue
        seen += status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
        newest = max(newest, status.st_mtime_ns, status.st_ctime_ns)
    return hashlib.blake2b(repr(seen).encode(), digest_size=16).hexdigest(), newest


def read_index(root: Path) -> dict[str, Any]:
    """Read the rows of the last listing by the paths of their runs; empty where there is none of this version."""
    try:
        content = json.loads(read_bytes(index_path(root), MAX_BYTES))
        is_known = content["version"] == _version(root) and isinstance(content["runs"], dict)
        return content["runs"] if is_known else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def write_index(root: Path, rows: Mapping[str, Any]) -> None:
    """Keep the rows of a listing; none where the cache cannot be written."""
    path = index_path(root)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps({"version": _version(root), "runs": rows}).encode())


def index_path(root: Path) -> Path:
    """Path of the index of a folder's runs."""
    return cache_root() / "runs" / f"{hashlib.sha256(os.fsencode(root.absolute())).hexdigest()[:16]}.json"


def _version(root: Path) -> list[object]:
    return [FORMAT, str(root.absolute())]
