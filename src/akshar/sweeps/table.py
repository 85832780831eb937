"""The table of a sweep: its runs grouped by what varies, with mean and deviation over seeds and folds."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import yaml

from akshar.config.schema import compared
from akshar.runs.index import DIED
from akshar.runs.run_dir import RunDir
from akshar.sweeps.sweep_dir import read_choices, runs_of

REPEATED = ("seed", "data.fold", "data.split_seed")  # what is averaged over


@dataclass(frozen=True)
class Entry:
    """One run.

    Attributes:
        folder: of it.
        status: as it stands; `DIED` where no process works on what is said to be running.
        values: its config, dotted keys and plain values; a part that was chosen by name, by that name.
        result: the content of `result.json`, or empty.
        error: the last error's first line.
    """

    folder: RunDir
    status: str
    values: dict[str, Any]
    result: dict[str, Any]
    error: str


@dataclass(frozen=True)
class Figure:
    """A mean with its standard deviation (None for one run)."""

    mean: float
    sd: float | None


@dataclass(frozen=True)
class Row:
    """The runs that differ in seed and fold alone.

    Attributes:
        rank: from 1, by validation; None where no run is completed.
        values: of the keys that vary.
        runs: completed ones.
        failures: the others, as "job: status".
        val_loss, val_accuracy, test_accuracy: over the completed runs; None where there is none.
        pooled: accuracy over every training image once, of a whole k-fold cross-validation; else None.
        parameters: of the network.
        seconds: of training, in all.
    """

    rank: int | None
    values: dict[str, Any]
    runs: int
    failures: tuple[str, ...]
    val_loss: Figure | None
    val_accuracy: Figure | None
    test_accuracy: Figure | None
    pooled: float | None
    parameters: int | None
    seconds: float


def read_entries(sweep: Path) -> list[Entry]:
    """The runs of a sweep's folder; what is no run, or was none yet, is passed over."""
    return [entry for run in runs_of(sweep) if (entry := _entry(run)) is not None]


def make_table(entries: Sequence[Entry]) -> list[Row]:
    """Groups, averages and ranks; the test set has no say in the order."""
    keys = [key for key in varying(entries) if key not in REPEATED]
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(json.dumps([entry.values.get(key) for key in keys]), []).append(entry)
    rows = [_row(keys, group) for group in groups.values()]
    by_accuracy = any(str(entry.values.get("monitor")).startswith("accuracy") for entry in entries)

    def order(row: Row) -> float:
        figure = row.val_accuracy if by_accuracy else row.val_loss
        return float("inf") if figure is None else -figure.mean if by_accuracy else figure.mean

    ranked = sorted(rows, key=order)
    return [replace(row, rank=number if row.runs else None) for number, row in enumerate(ranked, start=1)]


def varying(entries: Sequence[Entry]) -> list[str]:
    """The keys whose values differ; of two that always go together (an interpolation), the first.

    Of what follows from the choice of a part, as the widths from the model, the choice alone is named.
    """
    keys = dict.fromkeys(key for entry in entries for key in entry.values)
    columns: dict[str, str] = {}
    for key in keys:
        column = json.dumps([entry.values.get(key) for entry in entries])
        if len({json.dumps(entry.values.get(key)) for entry in entries}) > 1:
            columns.setdefault(column, key)
    different = list(columns.values())
    return [
        key
        for key in different
        if not any(
            part != key and part in different and _follows(entries, key, part)
            for part in ("experiment", key.partition(".")[0])
        )
    ]


def _follows(entries: Sequence[Entry], key: str, part: str) -> bool:
    """Whether a key has one value for each value of a part."""
    pairs = {json.dumps([entry.values.get(part), entry.values.get(key)]) for entry in entries}
    return len(pairs) == len({json.dumps(entry.values.get(part)) for entry in entries})


def _entry(folder: RunDir) -> Entry | None:
    status = folder.read_status()
    try:
        config = yaml.safe_load(folder.config.read_text(encoding="utf-8"))
        values = read_choices(folder.path) | compared(config)
        values |= {part: name for part, name in read_choices(folder.path).items() if part in values}
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        return None
    try:
        result = json.loads(folder.result.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        result = {}
    how = str(status.get("status"))
    if how == "running" and not folder.is_locked():
        how = DIED
    if how == "completed" and not {"best", "test", "fit", "model"} <= result.keys():
        how = DIED
    error = str(status.get("error") or "").partition("\n")[0]
    return Entry(folder, how, values, result, error)


def _row(keys: Iterable[str], group: Sequence[Entry]) -> Row:
    done = [entry for entry in group if entry.status == "completed"]
    best = [entry.result["best"] for entry in done]
    tests = [entry.result["test"]["accuracy"] for entry in done if entry.result["test"]]
    return Row(
        rank=None,
        values={key: group[0].values.get(key) for key in keys},
        runs=len(done),
        failures=tuple(f"{e.folder.path.name}: {e.status}" for e in group if e.status != "completed"),
        val_loss=_figure([part["val_loss"] for part in best]),
        val_accuracy=_figure([part["val_accuracy"] for part in best]),
        test_accuracy=_figure(tests),
        pooled=pooled_accuracy(done),
        parameters=done[0].result["model"]["parameters"] if done else None,
        seconds=sum(entry.result["fit"]["seconds"] for entry in done),
    )


def _figure(values: Sequence[float]) -> Figure | None:
    if not values:
        return None
    return Figure(mean(values), stdev(values) if len(values) > 1 else None)


def pooled_accuracy(folds: Sequence[Entry]) -> float | None:
    """Accuracy over all training images, each read by the one network that has not seen it.

    None where the runs are not all folds of one split, each once.
    """
    if not folds or folds[0].values.get("data.folds") in (None, "None"):
        return None
    held_out, right = [], 0
    for entry in folds:
        held_out += json.loads(entry.folder.split.read_text(encoding="utf-8"))["val"]
        saved = np.load(entry.folder.predictions / "val.npz")
        right += int((saved["logits"].argmax(1) == saved["labels"]).sum())
    data = folds[0].result["data"]
    everything = data["train"] + data["val"]
    if len(held_out) != everything or len({*held_out}) != everything:
        return None
    return right / everything
