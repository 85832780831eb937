"""A run's folder: what stands in it, written whole or not at all."""

import json
import os
import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

Status = Literal["running", "completed", "failed", "interrupted", "diverged"]


def new_run_name() -> str:
    """`<date>_<time with microseconds>_<short id>`: unique also for runs started at once."""
    return f"{datetime.now():%Y-%m-%d_%H-%M-%S-%f}_{uuid.uuid4().hex[:4]}"


def write_json(path: Path, content: Any) -> None:
    """Writes a file beside its place, syncs it and renames it, so that no reader sees half of it."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=2, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


class RunFolder:
    """The files of one run.

    Args:
        path: the folder, made where it is missing.
    """

    def __init__(self, path: Path):
        self.path = path
        self.figures.mkdir(parents=True, exist_ok=True)
        self.predictions.mkdir(exist_ok=True)
        self.checkpoints.mkdir(exist_ok=True)

    @property
    def result(self) -> Path:
        """`result.json`."""
        return self.path / "result.json"

    @property
    def config(self) -> Path:
        """`config.yaml`, resolved."""
        return self.path / "config.yaml"

    @property
    def split(self) -> Path:
        """`split.json`."""
        return self.path / "split.json"

    @property
    def history(self) -> Path:
        """`history.csv`, one row an epoch."""
        return self.path / "history.csv"

    @property
    def figures(self) -> Path:
        """`figures/`, PNG."""
        return self.path / "figures"

    @property
    def predictions(self) -> Path:
        """`predictions/`, one `npz` a set: logits float32 (N, K) and labels int64 (N,)."""
        return self.path / "predictions"

    @property
    def checkpoints(self) -> Path:
        """`checkpoints/`: `best.ckpt` and `last.ckpt`."""
        return self.path / "checkpoints"

    def write_status(self, status: Status, epoch: int = 0, step: int = 0) -> None:
        """Writes `status.json`; see the function of the same name."""
        write_status(self.path, status, epoch, step)


def write_status(
    folder: Path, status: Status, epoch: int | None = None, step: int | None = None, error: str | None = None
) -> None:
    """Writes a run's `status.json`.

    Args:
        folder: of the run.
        status: how the run stands.
        epoch: epochs finished; None keeps what stands there.
        step: optimizer steps done, likewise.
        error: the last error's text.
    """
    path = folder / "status.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_json(
        path,
        {
            "status": status,
            "epoch": before.get("epoch", 0) if epoch is None else epoch,
            "step": before.get("step", 0) if step is None else step,
            "updated": datetime.now(UTC).isoformat(timespec="seconds"),
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "error": error,
        },
    )
