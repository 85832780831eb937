"""Accuracy of each class, in ascending order."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from akshar.data.card import DatasetCard
from akshar.metrics.intervals import wilson_bounds
from akshar.plots.labels import label_axis
from akshar.plots.save import save_figure
from akshar.plots.style import INK, STYLE, TRAIN, VAL

ROW = 0.21  # inches of height per class
LABEL = 13.0  # points per em


def draw_per_class(
    correct: np.ndarray, total: np.ndarray, classes: Sequence[str], card: DatasetCard, path: Path
) -> None:
    """Write a PNG of the accuracy of each class with its 95 % Wilson interval, from the lowest to the highest.

    Args:
        correct: int (K,), images of each class that are predicted correctly.
        total: int (K,), images of each class; classes without images are left out, and the figure says how many.
        classes: K names in label order.
        card: of the data set.
        path: of the PNG.
    """
    correct, total = np.asarray(correct), np.asarray(total)
    seen = np.flatnonzero(total > 0)
    share = correct[seen] / total[seen]
    order = seen[np.lexsort((seen, -total[seen], share))]  # ties: the largest class first, then by label
    accuracy = correct[order] / total[order]
    bounds = wilson_bounds(correct[order], total[order])
    overall = correct[seen].sum() / total[seen].sum()
    below = bounds[:, 1] < overall - 1e-9  # the upper bound of a perfect class may round to below 1
    rows = np.arange(len(order))
    with rc_context(STYLE):
        figure = Figure(figsize=(10, 1.6 + max(1.2, ROW * len(order))), layout="constrained")
        axes = figure.subplots()
        groups = (
            (below, VAL, "D", "class whose 95 % interval lies below the overall accuracy"),
            (~below, TRAIN, "o", "other classes" if below.any() else "class with its 95 % interval"),
        )
        for chosen, colour, marker, label in groups:
            if chosen.any():
                axes.errorbar(
                    accuracy[chosen],
                    rows[chosen],
                    xerr=np.abs(bounds[chosen] - accuracy[chosen, None]).T,
                    fmt=marker,
                    ms=5,
                    color=colour,
                    elinewidth=1.4,
                    label=label,
                    clip_on=False,
                    zorder=3,
                )
        axes.axvline(overall, color=INK, linewidth=1, linestyle=":", label=f"overall: {100 * overall:.2f} %")
        for row, label in enumerate(order):
            axes.annotate(
                f"{correct[label]:,} / {total[label]:,}",
                (1, row),
                xycoords=axes.get_yaxis_transform(),
                xytext=(10, 0),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
                annotation_clip=False,
            )
        axes.annotate(
            "correct / images",
            (1, 1),
            xycoords="axes fraction",
            xytext=(10, 4),
            textcoords="offset points",
            fontsize=9.5,
        )
        start = _start(float(bounds.min()))
        axes.set_xlim(start, 1.0)
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        texts = [card.label_with_latin(classes[int(label)]) for label in order]
        label_axis(axes, "y", rows.tolist(), texts, LABEL, card.font)
        axes.tick_params(axis="y", length=0)
        missing = len(total) - len(seen)
        without = f"; {missing} without images left out" if missing else ""
        axes.set_ylabel("class, lowest accuracy first")
        axes.set_xlabel(
            f"accuracy with 95 % interval (n = {total.sum():,} images in {len(order)} classes{without})"
            + (f"\nthe axis begins at {100 * start:.4g} %" if start else "")
        )
        figure.legend(loc="outside upper left", ncols=3, fontsize=10)
        save_figure(figure, path)


def _start(least: float) -> float:
    """Start of the accuracy axis: a round number below the lowest bound `least`, or 0 if that is near."""
    if least < 0.3:
        return 0.0
    step = 10.0 ** math.floor(math.log10(max(1 - least, 1e-6)))
    step = step / 2 if (1 - least) / step < 4 else step
    return max(0.0, 1 - step * math.ceil((1 - least) / step + 0.1))
