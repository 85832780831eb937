"""The runs below a folder: what each is, how it stands, what it takes, and the removal of what is not wanted."""

import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, NonNegativeInt

from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir

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

    folder: RunDir
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
    return [run for path in found if (run := _read(RunDir(path.parent))) is not None]


def remove_runs(runs: Iterable[Run]) -> None:
    """Deletes the folders.

    Raises:
        UsageError: a process works on one of them; nothing is deleted then.
    """
    runs = list(runs)
    for run in runs:
        if run.folder.is_locked():
            raise UsageError(f"{run.folder}: is being worked on; stop it first")
    for run in runs:
        shutil.rmtree(run.folder.path)


class _Status(BaseModel):
    status: str
    epoch: NonNegativeInt
    updated: AwareDatetime


class _Best(BaseModel):
    val_accuracy: float | None = None


class _Test(BaseModel):
    accuracy: float | None = None


class _Result(BaseModel):
    best: _Best = _Best()
    test: _Test | None = None


class _Provenance(BaseModel):
    name: str = ""


Part = TypeVar("Part", bound=BaseModel)


def _read(folder: RunDir) -> Run | None:
    status = _part(folder.status, _Status)
    if status is None:
        return None  # some other program's
    result = _part(folder.result, _Result) or _Result()
    provenance = _part(folder.provenance, _Provenance) or _Provenance()
    died = status.status == "running" and not folder.is_locked()
    return Run(
        folder=folder,
        name=provenance.name,
        status=DIED if died else status.status,
        epoch=status.epoch,
        updated=status.updated,
        size=sum(map(_size, folder.path.rglob("*"))),
        val_accuracy=result.best.val_accuracy,
        test_accuracy=result.test.accuracy if result.test else None,
    )


def _part(path: Path, model: type[Part]) -> Part | None:
    """What a file of a run says; None where it is missing or damaged."""
    try:
        return model.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


def _size(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:  # a running run's partial file, gone since
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
