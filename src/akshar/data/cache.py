"""Arrays decoded once and kept: written whole or not at all, safe when several runs start at once."""

import errno
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np
from filelock import FileLock
from platformdirs import user_cache_dir

from akshar.errors import DataError

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]


def cache_root(directory: str | None = None) -> Path:
    """Where caches lie: `directory`, else the environment's AKSHAR_CACHE, else the user's cache folder."""
    chosen = directory or os.environ.get("AKSHAR_CACHE")
    return Path(chosen).expanduser() if chosen else Path(user_cache_dir("akshar", appauthor=False))


def cached_arrays(
    folder: Path,
    build: Callable[[], Arrays],
    names: Iterable[str],
    valid: Callable[[Arrays], bool] = lambda _: True,
) -> Arrays:
    """The arrays kept in `folder`, memory-mapped copy-on-write; built and kept first where they are not there.

    One process builds while others wait. A folder comes into being by one rename, so that what a killed
    process leaves behind is never read; a folder that is damaged, or lacks one of `names`, or is not `valid`, is
    built again.

    Raises:
        DataError: the arrays cannot be written (a full disk, a folder without permission).
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f"{folder.name}.lock"):
            arrays = _read_arrays(folder)
            if arrays is None or not {*names} <= arrays.keys() or not valid(arrays):
                _write_arrays(folder, build())
                arrays = _read_arrays(folder)
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise DataError(
            f"{folder}: the cache cannot be written ({reason}); make room, or name another place with "
            "data.cache_dir=FOLDER or AKSHAR_CACHE"
        ) from error
    assert arrays is not None
    return arrays


def _read_arrays(folder: Path) -> Arrays | None:
    """The arrays of a folder, or None where it does not exist or is damaged."""
    if not folder.is_dir():
        return None
    try:
        return {path.stem: np.load(path, mmap_mode="c") for path in sorted(folder.glob("*.npy"))}
    except (ValueError, EOFError):
        log.warning("%s is damaged and is made again", folder)
        return None


def _write_arrays(folder: Path, arrays: Arrays) -> None:
    for left_behind in folder.parent.glob(f"{folder.name}.partial-*"):
        shutil.rmtree(left_behind)
    partial = folder.parent / f"{folder.name}.partial-{os.getpid()}"
    try:
        partial.mkdir()
        for name, array in arrays.items():
            with (partial / f"{name}.npy").open("wb") as file:
                # Not np.save: what that raises on a full disk does not say so.
                np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
                file.write(np.ascontiguousarray(array).data)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def code_version(modules: Iterable[ModuleType], packages: Iterable[str] = ()) -> str:
    """8 hex digits that change with the source of the modules or the version of the packages."""
    digest = hashlib.sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in modules))
    digest.update(",".join(f"{package}={version(package)}" for package in packages).encode())
    return digest.hexdigest()[:8]


def fingerprint(files: Iterable[Path], *keys: object) -> str:
    """16 hex digits that change when a file's name, size or time of change does, or one of `keys`."""
    digest = hashlib.sha256(repr(keys).encode())
    for path in files:
        status = path.stat()
        digest.update(f"{path}|{status.st_size}|{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]
