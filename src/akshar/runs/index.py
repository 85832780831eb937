"""The runs below a folder: their status, size and accuracy, and their removal."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from akshar.errors import UsageError
from akshar.files import printable
from akshar.runs.index_file import STATUS, entries, read_index, scan, state, write_index
from akshar.runs.result import Result, read_result
from akshar.runs.run_dir import RunDir
from akshar.tables import dicts
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
    """List all runs below `root`, the oldest first; other folders are skipped.

    A run whose folders and records are as they were at the last listing is not read again.
    """
    known, rows, runs = read_index(root), dict[str, Any](), list[Run]()
    waiting, seen = [""], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:  # a run in a run in a run, which both name
            continue
        seen.add(name)
        run, row, inside = _known(root, name, known.get(name)) or _found(root, name)
        waiting += [f"{name}/{folder}".lstrip("/") for folder in inside]
        runs += [run] if run else []
        if row:
            rows[name] = row
    if rows != known:
        write_index(root, rows)
    return sorted(runs, key=lambda run: run.run_dir.path.as_posix())


def further_metrics(runs: Iterable[Run]) -> list[str]:
    """List the metrics beside loss and accuracy that selected a run's best epoch, by name."""
    names = {name for run in runs for name in run.monitored}
    return sorted(name for name in names if not name.startswith(("loss/", "accuracy/")))


def runs_table(root: str | Path = "outputs") -> list[dict[str, Any]]:
    """List all runs below a folder, the oldest first, as `akshar runs` does, unrounded.

    Args:
        root: the folder.

    Returns:
        A dict for each: run (its folder), name, status, epochs (finished), updated (time of the last status), size
        (bytes), val_accuracy and test_accuracy ([0, 1]), and other metrics that selected a best epoch.

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
    return dicts((*COLUMNS, *further), rows)


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
        if run.run_dir.path.exists():  # otherwise it was inside another
            shutil.rmtree(run.run_dir.path)


Found = tuple[Run | None, "list[Any] | None", "list[str]"]  # a run, its row, and the folders in which to look on


def _known(root: Path, name: str, row: Any) -> Found | None:
    """Make a run of its row in the index; None where there is none, or it no longer holds."""
    try:
        digest, folders, nested, fields = row
        if state(os.path.join(root, name), folders)[0] != digest:
            return None
        title, status, epoch, updated, *others = fields
        updated = datetime.fromisoformat(updated)
        return Run(RunDir(root / name), title, status, epoch, updated, *others), row, nested
    except (TypeError, ValueError):
        return None


def _found(root: Path, name: str) -> Found:
    """Look into a folder; read the run that it holds. Only one that does not change by itself gets a row."""
    folder = os.path.join(root, name)
    inside = entries(folder)
    if all(entry.name != STATUS for entry in inside):
        return None, None, [entry.name for entry in inside if entry.is_folder]
    tree = scan(folder)
    run = _read(RunDir(root / name), tree.size)
    if run is None or not tree.is_settled or run.status in ("running", DIED):
        return run, None, tree.nested
    fields = [run.name, run.status, run.epoch, run.updated.isoformat(), run.size]
    fields += [run.val_accuracy, run.test_accuracy, run.monitored]
    return run, [tree.digest, tree.folders, tree.nested, fields], tree.nested


def _read(run_dir: RunDir, size: int) -> Run | None:
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
        size=size,
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
