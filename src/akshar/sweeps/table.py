"""The table of a sweep: its runs grouped by the keys that vary, with mean and deviation over seeds and folds."""

import json
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from akshar.config.monitor import Mode, sort_key
from akshar.errors import DataError
from akshar.files import printable
from akshar.metrics.mean_sd import MeanSd
from akshar.runs.logits_file import read_logits
from akshar.runs.result import Result
from akshar.sweeps.entries import Entry
from akshar.sweeps.objectives import value_of
from akshar.sweeps.states import ACTIVE
from akshar.untrusted import read_json

log = logging.getLogger(__name__)

AVERAGED_KEYS = ("name", "seed", "data.fold", "data.split_seed")  # runs that differ in these alone share a row


@dataclass(frozen=True)
class Metric:
    """A metric in the table, averaged over the runs of a row.

    Attributes:
        name: column name in CSV and JSON.
        title: column title in the other tables.
        read: takes a run's result and returns the value; None where it has none.
        factor: by which the shown value is multiplied.
        digits: after the point.
    """

    name: str
    title: str
    read: Callable[[Result], float | None]
    factor: int = 100
    digits: int = 2


# The columns of every table; every other metric that a run logged has one too, under its logged name.
METRICS = (
    Metric("val_loss", "val loss", lambda result: value_of(result, "val_loss"), factor=1, digits=4),
    Metric("val_accuracy", "val accuracy %", lambda result: value_of(result, "val_accuracy")),
    Metric("test_accuracy", "test accuracy %", lambda result: value_of(result, "test_accuracy")),
)


@dataclass(frozen=True)
class Row:
    """The runs that differ only in seed and fold.

    Attributes:
        rank: from 1, by validation; None if no run is completed.
        values: of the keys that vary.
        runs: number of completed runs.
        failures: runs that ended otherwise, as "job: status".
        metrics: name of each metric -> mean and deviation over the completed runs; None if none has it.
        pooled: accuracy over every training image of a complete k-fold cross-validation; otherwise None.
        parameters: of the network.
        seconds: total training time.
    """

    rank: int | None
    values: dict[str, JsonValue]
    runs: int
    failures: tuple[str, ...]
    metrics: dict[str, MeanSd | None]
    pooled: float | None
    parameters: int | None
    seconds: float

    @property
    def val_accuracy(self) -> MeanSd | None:
        """Validation accuracy, [0, 1]."""
        return self.metrics["val_accuracy"]

    @property
    def test_accuracy(self) -> MeanSd | None:
        """Test accuracy, [0, 1]."""
        return self.metrics["test_accuracy"]


def make_table(entries: Sequence[Entry]) -> list[Row]:
    """Group the runs, average their metrics and rank the groups by validation, never by test metrics."""
    keys = [key for key in varying_keys(entries) if key not in AVERAGED_KEYS]
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(json.dumps([entry.values.get(key) for key in keys]), []).append(entry)
    metrics = [*METRICS, *_further_metrics(entries)]
    rows = [_row(keys, group, metrics) for group in groups.values()]
    name, mode = _ranking(entries, metrics)

    def order(row: Row) -> float:
        metric = row.metrics[name]
        return math.inf if metric is None else sort_key(metric.mean, mode)

    ranked = sorted(rows, key=order)
    return [replace(row, rank=number if row.runs else None) for number, row in enumerate(ranked, start=1)]


def metric_named(name: str) -> Metric:
    """Return one of `METRICS`, or the metric that runs logged under a name, as "f1/val"."""
    usual = next((metric for metric in METRICS if metric.name == name), None)
    return usual or Metric(name, printable(name), lambda result: result.metrics.get(name), factor=1, digits=4)


def _further_metrics(entries: Iterable[Entry]) -> list[Metric]:
    """List the metrics beside loss and accuracy that runs logged, by name."""
    names = {name for entry in entries if entry.result for name in entry.result.metrics}
    shown = {metric.name for metric in METRICS}
    return [
        metric_named(name) for name in sorted(names - shown) if name.partition("/")[0] not in ("loss", "accuracy")
    ]


def _ranking(entries: Iterable[Entry], metrics: Iterable[Metric]) -> tuple[str, Mode]:
    """Choose the metric that ranks the rows: the one by which all runs selected their best epoch, else the loss."""
    results = [entry.result for entry in entries if entry.result]
    best: set[tuple[str | None, Mode | None]] = {(result.best.monitor, result.best.mode) for result in results}
    if len(best) == 1:
        monitor, mode = best.pop()
        if monitor is not None and mode is not None and monitor in [metric.name for metric in metrics]:
            return monitor, mode
    if any(str(entry.values.get("monitor")).startswith("accuracy") for entry in entries):
        return "val_accuracy", "max"
    return "val_loss", "min"


def varying_keys(entries: Sequence[Entry]) -> list[str]:
    """Config keys whose values differ between runs, without those that always change together with another.

    Of two keys that always change together (an interpolation) the first is kept. A key that is determined by the
    choice of a part, as the widths are by the model, is represented by that part.
    """
    keys = dict.fromkeys(key for entry in entries for key in entry.values)
    columns: dict[str, str] = {}
    for key in keys:
        values = [json.dumps(entry.values.get(key)) for entry in entries]
        if len({*values}) > 1:
            columns.setdefault(json.dumps(values), key)
    varying = list(columns.values())
    return [
        key
        for key in varying
        if not any(
            part != key and part in varying and _is_determined_by(entries, key, part)
            for part in ("experiment", key.partition(".")[0])
        )
    ]


def _is_determined_by(entries: Sequence[Entry], key: str, part: str) -> bool:
    """Whether a key has a single value for each value of a part."""
    pairs = {json.dumps([entry.values.get(part), entry.values.get(key)]) for entry in entries}
    return len(pairs) == len({json.dumps(entry.values.get(part)) for entry in entries})


def _row(keys: Iterable[str], group: Sequence[Entry], metrics: Iterable[Metric]) -> Row:
    results = [entry.result for entry in group if entry.result is not None]
    return Row(
        rank=None,
        values={key: group[0].values.get(key) for key in keys},
        runs=len(results),
        failures=tuple(
            f"{entry.job}: {entry.status}" for entry in group if entry.result is None and entry.status not in ACTIVE
        ),
        metrics={metric.name: _mean(metric, results) for metric in metrics},
        pooled=pooled_accuracy([entry for entry in group if entry.result is not None]),
        parameters=results[0].model.parameters if results else None,
        seconds=sum(result.fit.seconds for result in results if result.fit),
    )


def _mean(metric: Metric, results: Iterable[Result]) -> MeanSd | None:
    return MeanSd.of([value for result in results if (value := metric.read(result)) is not None])


def pooled_accuracy(folds: Sequence[Entry]) -> float | None:
    """Accuracy over all training images, each classified by the network that was not trained on it.

    Args:
        folds: completed runs.

    Returns:
        None unless the runs are all the folds of one split, each exactly once.
    """
    if not folds or folds[0].values.get("data.folds") in (None, "None"):
        return None
    held_out: list[int] = []
    correct = 0
    for fold in folds:
        try:
            held_out += read_json(fold.run_dir.split)["val"]
            logits, labels = read_logits(fold.run_dir.predictions / "val.npz")
        except (OSError, ValueError, KeyError, TypeError, DataError) as error:
            log.warning(
                "%s: no pooled accuracy, split.json or predictions/val.npz cannot be read (%s)", fold.run_dir, error
            )
            return None
        correct += int((logits.argmax(1) == labels).sum())
    result = folds[0].result
    total = (result.data.train or 0) + (result.data.val or 0) if result else 0
    if len(held_out) != total or len({*held_out}) != total:
        return None
    return correct / total
