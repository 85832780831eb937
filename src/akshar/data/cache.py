"""Cache of decoded arrays: written atomically, built once even if several runs start at the same time."""

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
    """Folder of all caches: `directory`, else the environment variable AKSHAR_CACHE, else the user's cache."""
    chosen = directory or os.environ.get("AKSHAR_CACHE")
    return Path(chosen).expanduser() if chosen else Path(user_cache_dir("akshar", appauthor=False))


def cached_arrays(
    folder: Path,
    build: Callable[[], Arrays],
    names: Iterable[str],
    valid: Callable[[Arrays], bool] = lambda _: True,
) -> Arrays:
    """Read the arrays in `folder`, memory-mapped copy-on-write; build and write them first where necessary.

    One process builds while others wait. The folder is created by a rename, so what a killed process leaves
    behind is never read.

    Args:
        folder: of this cache.
        build: makes the arrays.
        names: arrays that must be there; otherwise the folder is built again, as it is when damaged.
        valid: checks the arrays that were read; False builds them again.

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
            f"{folder}: the cache cannot be written ({reason}); free some space, or choose another folder with "
            "data.cache_dir=FOLDER or AKSHAR_CACHE"
        ) from error
    assert arrays is not None
    return arrays


def _read_arrays(folder: Path) -> Arrays | None:
    """Read a folder's arrays; None where it does not exist or is damaged."""
    if not folder.is_dir():
        return None
    try:
        return {path.stem: np.load(path, mmap_mode="c") for path in sorted(folder.glob("*.npy"))}
    except (ValueError, EOFError):
        log.warning("%s is damaged; building it again", folder)
        return None


def _write_arrays(folder: Path, arrays: Arrays) -> None:
    for left_behind in folder.parent.glob(f"{folder.name}.partial-*"):
        shutil.rmtree(left_behind)
    partial = folder.parent / f"{folder.name}.partial-{os.getpid()}"
    try:
        partial.mkdir()
        for name, array in arrays.items():
            with (partial / f"{name}.npy").open("wb") as file:
                # Not np.save, whose error does not say that the disk is full
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
    """Return 8 hexadecimal digits that change with the modules' source or the packages' versions."""
    digest = hashlib.sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in modules))
    digest.update(",".join(f"{package}={version(package)}" for package in packages).encode())
    return digest.hexdigest()[:8]


def fingerprint(files: Iterable[Path], *keys: object) -> str:
    """Return 16 hexadecimal digits that change with a file's path, size or modification time, or with `keys`."""
    digest = hashlib.sha256(repr(keys).encode())
    for path in files:
        status = path.stat()
        digest.update(f"{path}|{status.st_size}|{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]
