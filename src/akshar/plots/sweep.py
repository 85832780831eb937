"""Accuracy against the values of each key that a sweep varies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from akshar.plots.save import save_figure
from akshar.plots.style import STYLE, TRAIN, VAL

SIDE_BY_SIDE = 5  # distinct numbers that are drawn as categories; more are drawn to scale
MOST_ROWS, MOST_KEYS, MOST_CHOICES = 1_000, 12, 30  # of a picture that can still be read
DENSE = 100  # rows above which points are small and without deviation
WIDE = 20  # ratio of largest to smallest number above which the scale is logarithmic


class Spread(Protocol):
    """Mean and standard deviation over runs."""

    @property
    def mean(self) -> float:
        """Mean over the runs."""
        ...

    @property
    def sd(self) -> float | None:
        """Standard deviation; None for a single run."""
        ...


class SweepRow(Protocol):
    """What the figure needs from a row of the sweep's table."""

    @property
    def values(self) -> Mapping[str, object]:
        """Key -> value, for the keys that vary."""
        ...

    @property
    def val_accuracy(self) -> Spread | None:
        """Validation accuracy, [0, 1]; None if no run is completed."""
        ...

    @property
    def test_accuracy(self) -> Spread | None:
        """Test accuracy, [0, 1]; None if no run was tested."""
        ...


def draw_sweep(rows: Sequence[SweepRow], path: Path) -> None:
    """Write a PNG with one chart per key that varies; each row of the table is a point with its deviation.

    Args:
        rows: of the table, the best first; accuracies that are missing or not between 0 and 1 are left out. Of very
            many rows, keys and choices the first are drawn, and the picture says so.
        path: of the PNG.
    """
    completed = [row for row in rows if row.val_accuracy is not None]
    every_key = list(rows[0].values) or [""]
    drawn, keys = completed[:MOST_ROWS], every_key[:MOST_KEYS]
    parts = [(len(drawn), len(completed), "the best", "rows"), (len(keys), len(every_key), "the first", "keys")]
    left_out = [f"{which} {some:,} of {whole:,} {name}" for some, whole, which, name in parts if some < whole]
    with rc_context(STYLE):
        figure = Figure(figsize=(max(5.0, 3.6 * len(keys)), 4), layout="constrained")
        charts = figure.subplots(1, len(keys), squeeze=False, sharey=True)
        for axes, key in zip(charts[0], keys, strict=True):
            _chart(axes, drawn, key)
        charts[0][0].set_ylabel("accuracy")
        charts[0][0].yaxis.set_major_formatter(PercentFormatter(1.0))
        if left_out:
            figure.suptitle(", ".join(left_out))
        figure.legend(*charts[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        save_figure(figure, path)


def _chart(axes: Axes, rows: Sequence[SweepRow], key: str) -> None:
    """Draw accuracy against one key: values as categories, or to scale where there are many numbers."""
    values = [row.values.get(key, "") for row in rows]
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    numeric = len(numbers) == len(values)
    labels = [f"{value:g}" for value in sorted({*numbers})] if numeric else [*dict.fromkeys(map(str, values))]
    to_scale = numeric and len(labels) > SIDE_BY_SIDE
    texts = [f"{value:g}" for value in numbers] if numeric else [str(value) for value in values]
    title = key or "all runs"
    if not to_scale and len(labels) > MOST_CHOICES:
        title = f"{title}, the best {MOST_CHOICES} of {len(labels):,}"
        labels = labels[:MOST_CHOICES]
        rows, texts = zip(*[pair for pair in zip(rows, texts, strict=True) if pair[1] in {*labels}], strict=True)
    number_of = {label: float(number) for number, label in enumerate(labels)}
    places = numbers if to_scale else [number_of[text] for text in texts]
    for name, colour, offset in (("val_accuracy", VAL, -0.06), ("test_accuracy", TRAIN, 0.06)):
        spreads = [getattr(row, name) for row in rows]
        points = [(place, spread) for place, spread in zip(places, spreads, strict=True) if _is_drawn(spread)]
        axes.errorbar(
            [place if to_scale else place + offset for place, _ in points],
            [spread.mean for _, spread in points],
            yerr=None if len(rows) > DENSE else [spread.sd or 0.0 for _, spread in points],
            fmt="o",
            markersize=2 if len(rows) > DENSE else None,
            color=colour,
            label=name.replace("_", " ").replace("val ", "validation "),
            capsize=3,
        )
    if not to_scale:
        axes.set_xticks(range(len(labels)), labels)
        axes.set_xlim(-0.5, len(labels) - 0.5)
    elif min(numbers) > 0 and max(numbers) > WIDE * min(numbers):
        axes.set_xscale("log")
    axes.set_xlabel(title)


def _is_drawn(spread: Spread | None) -> bool:
    return spread is not None and 0 <= spread.mean <= 1  # NaN is not
