"""Memory of this process: how what is freed is handled, and how much was taken at most."""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import active_children
from pathlib import Path

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_LARGEST = 32 * 2**20  # bytes; the highest threshold that every version of glibc accepts


def keep_freed_memory() -> None:
    """Keep freed memory in the process instead of returning it to the system, and take much of it in large pages.

    Every training step frees and allocates the same tens of megabytes again; getting them from the system as
    zeroed pages took a fifth of the time of a step of `compact` on 2 CPU cores. What is larger than glibc keeps, as
    the gradient of a layer of 25 million parameters, is taken in pages of 2 MB, which halves the time of the
    tutorial's backward pass.

    To be called before torch allocates anything. Large pages need Linux, and keeping memory needs glibc; elsewhere
    nothing happens.
    """
    if sys.platform == "linux":
        os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch reads it once
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_MMAP_THRESHOLD, _LARGEST)
            mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Import torch and Lightning in three quarters of the time.

    The import makes 800,000 objects that stay, and Python would search them for garbage again and again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def peak_memory() -> int | None:
    """Largest resident memory of this process so far, in bytes; None where the system does not say."""
    if sys.platform == "linux":  # whose `getrusage` counts what the parent had before this process was started
        return _kilobytes("status", "VmHWM:") * 1024
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def workers_memory() -> int:
    """Resident memory of this process's workers that they share with no other process, in bytes; 0 if unknown."""
    total = 0
    for worker in active_children() if sys.platform == "linux" else ():
        with suppress(OSError):  # it has just ended
            total += _kilobytes(f"../{worker.pid}/smaps_rollup", "Private_Dirty:") * 1024
    return total


def _kilobytes(file: str, key: str) -> int:
    lines = Path("/proc/self", file).read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(key)), 0)
