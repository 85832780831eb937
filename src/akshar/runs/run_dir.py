"""A run's folder: where its files are, its status, and which process works on it."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from filelock import FileLock, Timeout
from pydantic import AwareDatetime, BaseModel, NonNegativeInt

from akshar.errors import UsageError
from akshar.files import as_typed, failure_reason, is_full, printable, write_atomic, write_json
from akshar.runs.heartbeat import beating, beats, beats_elsewhere, read_name, this_process
from akshar.untrusted import read_bytes

StatusName = Literal["running", "completed", "failed", "interrupted", "diverged", "pruned"]
CheckpointName = Literal["last", "best", "previous"]


class RunStatus(BaseModel):
    """The content of `status.json`.

    Attributes:
        status: how the run stands.
        epoch, step: epochs and optimizer steps that are in a checkpoint.
        updated: when this was written.
        pid, host: process that wrote it.
        error: text of the last error.
    """

    status: StatusName
    epoch: NonNegativeInt = 0
    step: NonNegativeInt = 0
    updated: AwareDatetime
    pid: int | None = None
    host: str | None = None
    error: str | None = None


class _Below:
    """A path below a run's folder; made when it is used, because a list has thousands of runs."""

    def __init__(self, name: str):
        self._name = name

    def __get__(self, run_dir: "RunDir", _: type) -> Path:
        return run_dir.path / self._name


class RunDir:
    """Paths of one run's files; creating one touches nothing.

    Attributes:
        path: the folder.
        result: `result.json`, written when the run is completed.
        status: `status.json`, see `RunStatus`.
        config: `config.yaml`, resolved.
        provenance: `provenance.json`, written at the start and at every resume.
        split: `split.json`, the validation images.
        history: `history.csv`, one row per epoch.
        loggers: `loggers.json`, name of a logger -> id of the run there, so that a resumed run continues it.
        log: `run.log`, dated log lines.
        figures: `figures/`, PNG.
        predictions: `predictions/`, one `npz` per set: logits float32 (N, K) and labels int64 (N,).
        checkpoints: `checkpoints/`.
        best, last: `best.ckpt` and `last.ckpt` in it.
        previous: `previous.ckpt` in it, the best one before that; there while `last.ckpt` and `best.ckpt` are
            one file, so that there are always two independent ones.
        holder: names the process that works on the run, and is touched while it does.
    """

    result = _Below("result.json")
    status = _Below("status.json")
    config = _Below("config.yaml")
    provenance = _Below("provenance.json")
    split = _Below("split.json")
    history = _Below("history.csv")
    loggers = _Below("loggers.json")
    log = _Below("run.log")
    figures = _Below("figures")
    predictions = _Below("predictions")
    checkpoints = _Below("checkpoints")
    best = _Below("checkpoints/best.ckpt")
    last = _Below("checkpoints/last.ckpt")
    previous = _Below("checkpoints/previous.ckpt")
    holder = _Below(".holder")

    def __init__(self, path: Path):
        self.path = path

    def __str__(self) -> str:
        """Return the path as one would type it."""
        return as_typed(self.path)

    def checkpoint(self, name: CheckpointName) -> Path:
        """Path of a checkpoint."""
        return self.checkpoints / f"{name}.ckpt"

    def make(self) -> None:
        """Create the folders."""
        for folder in (self.figures, self.predictions, self.checkpoints):
            folder.mkdir(parents=True, exist_ok=True)

    def clear_partial(self) -> None:
        """Remove files that a killed process left half-written."""
        for folder in (self.path, self.checkpoints):
            for partial in folder.glob(".*.partial"):
                partial.unlink(missing_ok=True)

    def continue_from(self, name: CheckpointName) -> None:
        """Make a checkpoint the last one; `previous`, which was the best of its time, also becomes the best."""
        for path in {"last": (), "best": (self.last,), "previous": (self.best, self.last)}[name]:
            write_atomic(path, self.checkpoint(name).read_bytes())

    def keep_best(self) -> None:
        """Remove every checkpoint but the best."""
        for path in (self.last, self.previous):
            path.unlink(missing_ok=True)

    def checkpoint_bytes(self) -> int:
        """Space that the checkpoints take; two names of one file count once."""
        files = [path.stat() for path in self.checkpoints.glob("*.ckpt")]
        return sum({file.st_ino: file.st_size for file in files}.values())

    def write_config(self, record: dict[str, Any]) -> None:
        """Write `config.yaml`."""
        write_atomic(self.config, yaml.safe_dump(record, sort_keys=False, allow_unicode=True).encode())

    def read_status(self) -> RunStatus | None:
        """Read `status.json`; None where it is missing or damaged."""
        try:
            return RunStatus.model_validate_json(read_bytes(self.status))
        except (OSError, ValueError):
            return None

    def write_status(
        self, status: StatusName, epoch: int | None = None, step: int | None = None, error: str | None = None
    ) -> None:
        """Write `status.json`.

        Args:
            status: how the run stands.
            epoch: epochs finished; None keeps the value in the file.
            step: optimizer steps done, likewise.
            error: text of the last error.
        """
        before = self.read_status()
        content = RunStatus(
            status=status,
            epoch=(before.epoch if before else 0) if epoch is None else epoch,
            step=(before.step if before else 0) if step is None else step,
            updated=datetime.now(UTC).replace(microsecond=0),
            pid=os.getpid(),
            host=socket.gethostname(),
            error=error,
        ).model_dump(mode="json")
        try:
            write_json(self.status, content)
        except OSError as failure:
            if not is_full(failure) or not self.status.exists():
                raise
            with self.status.open("r+", encoding="utf-8") as file:  # reuses the space that the file has
                json.dump(content, file, indent=2, ensure_ascii=False)
                file.truncate()

    @contextmanager
    def locked(self, patience: float = 2) -> Iterator[None]:  # longer than `is_locked` holds it
        """Lock the run for this process; the system releases the lock when the process dies.

        Args:
            patience: seconds to wait for another process that works on the run.

        Raises:
            UsageError: another process works on it, or its folder may not be written.
        """
        lock = self._lock()
        try:
            lock.acquire(timeout=patience, poll_interval=0.02)
        except Timeout as error:
            raise UsageError(f"{self}: {self._holder()} is working on this run; wait for it, or stop it") from error
        except OSError as error:
            raise UsageError(f"{self}: cannot be locked ({failure_reason(error)})") from error
        try:
            with beating(self.holder):
                yield
        finally:
            lock.release()

    def is_taken_over(self) -> bool:
        """Whether another process has locked the run after this one, on a file system that does not share locks."""
        return read_name(self.holder) not in ("", this_process())

    def _holder(self) -> str:
        """Name the process that holds the lock, as far as it could write its name."""
        return printable(read_name(self.holder)) or "another process"

    def is_locked(self) -> bool:
        """Whether a process works on this run now; one on another host may show it by its heartbeat alone."""
        if beats_elsewhere(self.holder):
            return True
        if not Path(self._lock().lock_file).exists():
            return False
        try:
            with self._lock().acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError:  # a folder that may not be written
            return beats(self.holder)

    def _lock(self) -> FileLock:
        return FileLock(self.path / ".lock")
