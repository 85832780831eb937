"""A run's folder: where its files are, how it stands, and who works on it."""

import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from akshar.errors import UsageError
from akshar.files import is_full, write_json

Status = Literal["running", "completed", "failed", "interrupted", "diverged", "pruned"]


def new_run_name() -> str:
    """`<date>_<time with microseconds>_<short id>`: unique also for runs started at once."""
    return f"{datetime.now():%Y-%m-%d_%H-%M-%S-%f}_{uuid.uuid4().hex[:4]}"


class RunDir:
    """The files of one run; nothing is made or read until it is asked for.

    Attributes:
        path: the folder.
        result: `result.json`, there once the run is completed.
        status: `status.json`, how it stands.
        config: `config.yaml`, resolved.
        provenance: `provenance.json`, written when work begins and when it is taken up again.
        split: `split.json`, who validates.
        history: `history.csv`, one row an epoch.
        log: `run.log`, what was said.
        figures: `figures/`, PNG.
        predictions: `predictions/`, one `npz` a set: logits float32 (N, K) and labels int64 (N,).
        checkpoints: `checkpoints/`.
        best, last: `best.ckpt` and `last.ckpt` in it.
    """

    def __init__(self, path: Path):
        self.path = path
        self.result = path / "result.json"
        self.status = path / "status.json"
        self.config = path / "config.yaml"
        self.provenance = path / "provenance.json"
        self.split = path / "split.json"
        self.history = path / "history.csv"
        self.log = path / "run.log"
        self.figures = path / "figures"
        self.predictions = path / "predictions"
        self.checkpoints = path / "checkpoints"
        self.best = self.checkpoints / "best.ckpt"
        self.last = self.checkpoints / "last.ckpt"

    def __str__(self) -> str:
        """The path as a person would type it: relative where it lies below the working directory."""
        shown = os.path.relpath(self.path)
        return str(self.path) if shown.startswith("..") else shown

    def make(self) -> None:
        """Makes the folders."""
        for folder in (self.figures, self.predictions, self.checkpoints):
            folder.mkdir(parents=True, exist_ok=True)

    def clear_partial(self) -> None:
        """Removes what a killed process was writing."""
        for folder in (self.path, self.checkpoints):
            for partial in folder.glob(".*.partial"):
                partial.unlink(missing_ok=True)

    def keep_result(self, max_epochs: int) -> None:
        """Gives the result of a run that is to be made longer another name, by its number of epochs."""
        if self.result.exists():
            result = json.loads(self.result.read_text(encoding="utf-8"))
            if result["config"]["trainer"]["max_epochs"] < max_epochs:
                self.result.replace(self.path / f"result-{result['fit']['epochs']}-epochs.json")

    def read_status(self) -> dict[str, Any]:
        """What `status.json` says; empty where it is missing or is none."""
        try:
            content = json.loads(self.status.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write_status(
        self, status: Status, epoch: int | None = None, step: int | None = None, error: str | None = None
    ) -> None:
        """Writes `status.json`.

        Args:
            status: how the run stands.
            epoch: epochs finished; None keeps what stands there.
            step: optimizer steps done, likewise.
            error: the last error's text.
        """
        before = self.read_status()
        content = {
            "status": status,
            "epoch": before.get("epoch", 0) if epoch is None else epoch,
            "step": before.get("step", 0) if step is None else step,
            "updated": datetime.now(UTC).isoformat(timespec="seconds"),
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "error": error,
        }
        try:
            write_json(self.status, content)
        except OSError as failure:
            if not is_full(failure) or not self.status.exists():
                raise
            with self.status.open("r+", encoding="utf-8") as file:  # in the room that it has already
                json.dump(content, file, indent=2, ensure_ascii=False)
                file.truncate()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes from working on this run; the system lets go when this process dies.

        Raises:
            UsageError: another process works on it.
        """
        lock = self._lock()
        try:
            lock.acquire(timeout=2, poll_interval=0.02)  # longer than `is_locked` looks
        except Timeout as error:
            status = self.read_status()
            by = f"process {status.get('pid')} on {status.get('host')}" if status else "another process"
            raise UsageError(f"{self}: {by} is working on this run; wait for it, or stop it") from error
        try:
            yield
        finally:
            lock.release()

    def is_locked(self) -> bool:
        """Whether some process works on it now."""
        if not Path(self._lock().lock_file).exists():
            return False
        try:
            with self._lock().acquire(timeout=0):
                return False
        except (Timeout, OSError):
            return True

    def _lock(self) -> FileLock:
        return FileLock(self.path / ".lock")
