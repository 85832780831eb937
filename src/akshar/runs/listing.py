"""The runs below a folder: what each is, how it stands, what it takes, and the removal of what is not wanted."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from akshar.errors import BadRequest
from akshar.runs.record import RunFolder

DIED = "died"  # said to be running, but no process works on it


@dataclass(frozen=True)
class Run:
    """One run as a list shows it.

    Attributes:
        folder: of it.
        name: of data and model, where the run came so far.
        status: as in `status.json`, or `DIED`.
        epoch: epochs finished.
        updated: when the status was written last.
        size: of all files, bytes.
        val_accuracy, test_accuracy: [0, 1], or None where there is none.
    """

    folder: RunFolder
    name: str
    status: str
    epoch: int
    updated: datetime
    size: int
    val_accuracy: float | None
    test_accuracy: float | None


def list_runs(root: Path) -> list[Run]:
    """All runs below `root`, the oldest first; folders that are no runs are passed over."""
    found = sorted(root.rglob("status.json"), key=lambda path: path.parent.as_posix())
    return [run for path in found if (run := _read(RunFolder(path.parent))) is not None]


def remove_runs(runs: Iterable[Run]) -> None:
    """Deletes the folders.

    Raises:
        BadRequest: a process works on one of them; nothing is deleted then.
    """
    runs = list(runs)
    for run in runs:
        if run.folder.is_held():
            raise BadRequest(f"{run.folder}: is being worked on; stop it first")
    for run in runs:
        shutil.rmtree(run.folder.path)


def _read(folder: RunFolder) -> Run | None:
    status = folder.read_status()
    try:
        updated = datetime.fromisoformat(status["updated"]).astimezone(UTC)
        how, epoch = str(status["status"]), int(status["epoch"])
    except (KeyError, TypeError, ValueError):
        return None  # some other program's status.json
    result = _json(folder.result)
    name = _json(folder.provenance).get("name") or result.get("name") or ""
    best, test = result.get("best") or {}, result.get("test") or {}
    if how == "running" and not folder.is_held():
        how = DIED
    return Run(
        folder=folder,
        name=str(name),
        status=how,
        epoch=epoch,
        updated=updated,
        size=sum(path.stat().st_size for path in folder.path.rglob("*") if path.is_file()),
        val_accuracy=best.get("val_accuracy"),
        test_accuracy=test.get("accuracy"),
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
