"""Jobs of a sweep in other processes: what stops them all, and which GPU is whose."""

import os
import signal
from pathlib import Path

from filelock import FileLock, Timeout

_gpu_lock: FileLock | None = None  # held until this process ends
_parent: int | None = None  # what began this process, as its first job found it


class StopFile:
    """A file in the sweep's folder that asks every job to save and stop, and those that wait not to begin.

    Args:
        sweep: the folder; on several machines one that they share.
    """

    def __init__(self, sweep: Path):
        self.path = sweep / ".stop"

    def ask(self, signal_number: int) -> None:
        """Asks, in the name of a signal."""
        self.path.write_text(str(int(signal_number)), encoding="utf-8")

    def asked(self) -> int | None:
        """The signal in whose name a worker is asked, be it by the loss of the process that began it; or None."""
        if not self.path.exists():  # which, and a system call, is all that a step costs
            return signal.SIGTERM if is_orphan() else None
        text = self.path.read_text(encoding="utf-8")
        return int(text) if text.isdecimal() else int(signal.SIGTERM)

    def clear(self) -> None:
        """Lets jobs run."""
        self.path.unlink(missing_ok=True)


def is_orphan() -> bool:
    """Whether what began this process is gone since it was first asked here."""
    global _parent  # noqa: PLW0603, a process has one
    _parent = _parent or os.getppid()
    return os.getppid() != _parent


def take_gpu(sweep: Path, count: int) -> None:
    """Leaves this process one GPU of several, another than other workers of the sweep while there are enough.

    It has to come before CUDA is first asked for anything.

    Args:
        sweep: the folder, where the workers' locks lie.
        count: GPUs of this machine that may be used.
    """
    global _gpu_lock  # noqa: PLW0603, a process has one
    if count < 2 or _gpu_lock is not None:
        return
    number = 0
    while _gpu_lock is None:
        lock = FileLock(sweep / f".worker-{number}.lock")
        try:
            lock.acquire(timeout=0)
            _gpu_lock = lock
        except Timeout:
            number += 1
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(count)))).split(",")
    os.environ["CUDA_VISIBLE_DEVICES"] = visible[number % count]
