"""Cache of decoded arrays: written atomically, built once even if several runs start at the same time.

An array may be larger than memory: it is written part by part as a `Stream`, and read mapped from its file, whose
pages the system may drop and read again.
"""

import hashlib
import json
import logging
import os
import shutil
import stat
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np
from filelock import FileLock
from platformdirs import user_cache_dir

from akshar.errors import DataError
from akshar.files import failure_reason, printable, write_json

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Stream:
    """An array that is written while it is made.

    Attributes:
        shape: of the whole array.
        dtype: of its values.
        parts: arrays that are one behind the other along the first axis; what they raise ends the writing.
    """

    shape: tuple[int, ...]
    dtype: type[np.generic]
    parts: Iterable[np.ndarray]


Built = Mapping[str, np.ndarray | Stream]
CHECKSUMS = "checksums.json"  # beside the arrays: CRC-32 of each file


def cache_root(directory: str | None = None) -> Path:
    """Folder of all caches: `directory`, else the environment variable AKSHAR_CACHE, else the user's cache."""
    chosen = directory or os.environ.get("AKSHAR_CACHE")
    return Path(chosen).expanduser() if chosen else Path(user_cache_dir("akshar", appauthor=False))


def cached_arrays(
    folder: Path,
    build: Callable[[], Built],
    names: Iterable[str],
    valid: Callable[[Arrays], bool] = lambda _: True,
) -> Arrays:
    """Read the arrays in `folder`, mapped from their files, read-only; build and write them first where necessary.

    One process builds while others wait. The folder is created by a rename, so what a killed process leaves
    behind is never read, and a process that reads an earlier folder keeps it. Every read compares the files with
    the checksums that were written beside them.

    Args:
        folder: of this cache.
        build: makes the arrays.
        names: arrays that must be there; otherwise the folder is built again, as it is when damaged.
        valid: checks the arrays that were read; False builds them again.

    Raises:
        DataError: the arrays cannot be written (a full disk, a folder without permission), or other users could
            change them.
    """
    needed = {*names}

    def read() -> Arrays | None:
        arrays = _read_arrays(folder)
        return arrays if arrays is not None and needed <= arrays.keys() and valid(arrays) else None

    try:
        _make_folder(folder.parent)
        _refuse_others(folder)
        arrays = read()
        if arrays is None:
            with FileLock(folder.parent / f"{folder.name}.lock"):
                arrays = read()  # by now another process may have built it
                if arrays is None:
                    _refuse_other_files(folder)
                    if folder.exists():
                        log.warning("%s is damaged or not complete; building it again", folder)
                    _write_arrays(folder, build())
                    arrays = _read_arrays(folder)
    except OSError as error:
        raise DataError(
            f"{folder}: the cache cannot be written ({failure_reason(error)}); free some space, or choose "
            "another folder with data.cache_dir=FOLDER or AKSHAR_CACHE"
        ) from error
    assert arrays is not None
    return arrays


def _read_arrays(folder: Path) -> Arrays | None:
    """Read a folder's arrays; None where it does not exist or is damaged."""
    try:
        expected = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        expected = {}  # of an earlier version
    except (OSError, ValueError):
        return None
    try:
        files = sorted(folder.glob("*.npy"))
        if any(_checksum(path) != expected[path.name] for path in files if path.name in expected):
            return None
        return {path.stem: np.load(path, mmap_mode="r") for path in files} or None
    except (OSError, ValueError, EOFError, TypeError):  # also while another process replaces the folder
        return None


def _checksum(path: Path) -> str:
    """Checksum of a file, against damage: 94 MB take 0.02 s."""
    return f"{zlib.crc32(np.memmap(path, np.uint8, 'r').data):08x}"


def _write_arrays(folder: Path, arrays: Built) -> None:
    for left_behind in folder.parent.glob(f"{folder.name}.partial-*"):
        shutil.rmtree(left_behind)
    partial = folder.parent / f"{folder.name}.partial-{os.getpid()}"
    replaced = folder.parent / f"{folder.name}.partial-replaced"
    try:
        _make_folder(partial)
        for name, array in arrays.items():
            with (partial / f"{name}.npy").open("wb") as file:
                # Not np.save, whose error does not say that the disk is full
                header = {"descr": np.lib.format.dtype_to_descr(np.dtype(array.dtype)), "fortran_order": False}
                np.lib.format.write_array_header_1_0(file, header | {"shape": array.shape})
                for part in array.parts if isinstance(array, Stream) else [array]:
                    file.write(np.ascontiguousarray(part).data)
                file.flush()
                os.fsync(file.fileno())
        write_json(partial / CHECKSUMS, {path.name: _checksum(path) for path in partial.glob("*.npy")})
        if folder.exists():
            folder.rename(replaced)
        partial.rename(folder)
    finally:
        for rest in (partial, replaced):
            shutil.rmtree(rest, ignore_errors=True)


def _make_folder(path: Path) -> None:
    """Create a folder that not everybody may write to, whatever the umask."""
    if not path.exists():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~stat.S_IWOTH)


def _refuse_others(folder: Path) -> None:
    """Refuse a cache that another user can change: its images would be trained on.

    Raises:
        DataError: names the folder and the way out.
    """
    if os.name != "posix":
        return
    user = os.geteuid()
    shared = False  # whether users put their own files into the parent folder, as into /tmp
    for path in (folder.parent, folder):
        if not path.exists():
            return
        status = path.stat()
        by_all = bool(status.st_mode & stat.S_IWOTH)
        # Root reads the caches of others in a container; but in a shared folder anybody may have put this one.
        foreign = status.st_uid not in (user, 0) and (user != 0 or shared)
        if foreign or (by_all and not status.st_mode & stat.S_ISVTX):
            raise DataError(
                f"{path}: other users can change this cache; choose a folder of your own with "
                "data.cache_dir=FOLDER or AKSHAR_CACHE, or take their permission to write away"
            )
        shared = by_all


def _refuse_other_files(folder: Path) -> None:
    """Refuse to replace a folder that holds something else than a cache.

    Raises:
        DataError: names the folder, what it holds and the way out.
    """
    for path in folder.glob("*"):
        if path.suffix != ".npy" and path.name != CHECKSUMS:
            raise DataError(
                f"{folder}: is not a cache, it holds {printable(path.name)}, and is not replaced; choose another "
                "folder with data.cache_dir=FOLDER or AKSHAR_CACHE"
            )


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
