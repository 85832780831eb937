"""The runs below a folder: their status, size and accuracy, and their removal."""

import shutil
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from akshar.errors import UsageError
from akshar.files import printable
from akshar.runs.result import Result, read_result
from akshar.runs.run_dir import RunDir
from akshar.tables import data_frame
from akshar.untrusted import read_json
from akshar.writable import check_folder

COLUMNS = ("run", "name", "status", "epochs", "updated", "size", "val_accuracy", "test_accuracy")  # of `runs_table`
DIED = "died"  # the status says running, but no process works on the run


@dataclass(frozen=True)
class Run:
    """One run in a list.

    Attributes:
        run_dir: its folder.
        name: in tables; empty where the run stopped before it had one.
        status: as in `status.json`, or `DIED`.
        epoch: epochs finished.
        updated: time of the last status.
        size: of all files, bytes.
        val_accuracy, test_accuracy: [0, 1], or None.
        monitored: name and value of the metric that selected the best epoch; empty where it is not known.
    """

    run_dir: RunDir
    name: str
    status: str
    epoch: int
    updated: datetime
    size: int
    val_accuracy: float | None
    test_accuracy: float | None
    monitored: Mapping[str, float]


def list_runs(root: Path) -> list[Run]:
    """List all runs below `root`, the oldest first; other folders are skipped."""
    found = sorted(root.rglob("status.json"), key=lambda path: path.parent.as_posix())
    return [run for path in found if (run := _read(RunDir(path.parent))) is not None]


def further_metrics(runs: Iterable[Run]) -> list[str]:
    """List the metrics beside loss and accuracy that selected a run's best epoch, by name."""
    names = {name for run in runs for name in run.monitored}
    return sorted(name for name in names if not name.startswith(("loss/", "accuracy/")))


def runs_table(root: str | Path = "outputs") -> Any:
    """List all runs below a folder, the oldest first, as `akshar runs` does, unrounded.

    Args:
        root: the folder.

    Returns:
        A pandas DataFrame where pandas is installed, otherwise a list of dicts. Columns: run (its folder), name,
        status, epochs (finished), updated (time of the last status), size (bytes), val_accuracy and test_accuracy
        ([0, 1]), and other metrics that selected a best epoch.

    Raises:
        UsageError: no such folder; `outputs` itself may be missing.
    """
    if not Path(root).is_dir() and str(root) != "outputs":
        raise UsageError(f"{printable(root)}: no such folder")
    runs = list_runs(Path(root))
    further = further_metrics(runs)
    rows = (
        (
            *(str(run.run_dir), run.name, run.status, run.epoch, run.updated, run.size),
            *(run.val_accuracy, run.test_accuracy, *map(run.monitored.get, further)),
        )
        for run in runs
    )
    return data_frame((*COLUMNS, *further), rows)


def remove_runs(runs: Iterable[Run]) -> None:
    """Delete runs.

    Raises:
        UsageError: a process works on one of them, or may not change its folder; then nothing is deleted.
    """
    runs = list(runs)
    for run in runs:
        for folder in (run.run_dir.path, run.run_dir.path.parent):
            check_folder(folder, str(run.run_dir))
        if run.run_dir.is_locked():
            raise UsageError(f"{run.run_dir}: a process is working on it; stop it first")
    for run in runs:
        shutil.rmtree(run.run_dir.path)


def _read(run_dir: RunDir) -> Run | None:
    status = run_dir.read_status()
    if status is None:
        return None  # written by another program
    try:
        result = read_result(run_dir)
    except UsageError:
        result = None
    died = status.status == "running" and not run_dir.is_locked()
    return Run(
        run_dir=run_dir,
        name=_name(run_dir),
        status=DIED if died else status.status,
        epoch=status.epoch,
        updated=status.updated,
        size=sum(map(_size, run_dir.path.rglob("*"))),
        val_accuracy=result.best.val_accuracy if result else None,
        test_accuracy=result.test.accuracy if result and result.test else None,
        monitored=_monitored(result) if result else {},
    )


def _monitored(result: Result) -> dict[str, float]:
    return {printable(name): value for name, value in result.metrics.items() if name == result.best.monitor}


def _name(run_dir: RunDir) -> str:
    """Read a run's name, also from a provenance that is not complete."""
    try:
        content = read_json(run_dir.provenance)
    except (OSError, ValueError):
        return ""
    return str(content.get("name") or "") if isinstance(content, dict) else ""


def _size(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:  # a partial file of a running run, gone by now
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
