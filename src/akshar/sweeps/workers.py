"""Jobs in parallel processes: a file that stops all of them, and the assignment of GPUs."""

import os
import signal
from pathlib import Path

from filelock import FileLock, Timeout

_gpu_lock: FileLock | None = None  # held until this process ends
_parent: int | None = None  # id of the parent process at the first call of `is_orphan`


class StopFile:
    """A file in the sweep's folder that makes running jobs save and stop, and keeps waiting jobs from starting.

    Args:
        sweep: folder of the sweep; on several machines it must be shared.
    """

    def __init__(self, sweep: Path):
        self.path = sweep / ".stop"

    def request(self, signal_number: int) -> None:
        """Request every job to stop, as if it had received this signal."""
        self.path.write_text(str(int(signal_number)), encoding="utf-8")

    def requested(self) -> int | None:
        """The signal to stop by, or None."""
        if not self.path.exists():  # called after every training step
            return None
        text = self.path.read_text(encoding="utf-8")
        return int(text) if text.isdecimal() else int(signal.SIGTERM)

    def requested_of_worker(self) -> int | None:
        """The same for a worker process, which stops by SIGTERM if its parent process is gone."""
        return self.requested() or (signal.SIGTERM if is_orphan() else None)

    def clear(self) -> None:
        """Withdraw the request."""
        self.path.unlink(missing_ok=True)


def is_orphan() -> bool:
    """Whether the parent process has died since the first call."""
    global _parent  # noqa: PLW0603, state of the process
    _parent = _parent or os.getppid()
    return os.getppid() != _parent


def take_gpu(sweep: Path, count: int) -> None:
    """Restrict this process to one GPU, distinct from other workers of the sweep as long as there are enough.

    Must be called before CUDA is initialised.

    Args:
        sweep: folder in which the workers' locks lie.
        count: number of GPUs of this machine.
    """
    global _gpu_lock  # noqa: PLW0603, state of the process
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
