"""Loss, accuracy, learning rate and time by epoch."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter, StrMethodFormatter

from akshar.plots.save import save_figure
from akshar.plots.style import INK, STYLE, TRAIN, VAL

DECADES = 2  # that a loss spans at most on a linear scale


def draw_curves(rows: Sequence[Mapping[str, Any]], best_epoch: int, path: Path, title: str) -> bool:
    """Write a PNG of loss and accuracy by epoch, with the best epoch marked.

    Args:
        rows: of the history, one per epoch.
        best_epoch: the epoch whose weights are kept, from 1.
        path: of the PNG.
        title: of the figure, e.g. the name of the run.

    Returns:
        Whether it was written; it is not where the rows have neither loss nor accuracy.
    """
    if not any(name in row for row in rows for name in ("loss/val", "accuracy/val")):
        return False
    with rc_context(STYLE):
        figure = Figure(figsize=(10, 4), layout="constrained")
        loss, accuracy = figure.subplots(1, 2)
        _pair(loss, rows, "loss", best_epoch)
        loss.set_ylabel("loss")
        _scale(loss, [row[name] for row in rows for name in ("loss/train", "loss/val") if name in row])
        _pair(accuracy, rows, "accuracy", best_epoch)
        accuracy.set_ylabel("accuracy")
        accuracy.yaxis.set_major_formatter(PercentFormatter(1.0))
        accuracy.legend(loc="lower right", frameon=True, framealpha=1, edgecolor="none")
        figure.suptitle(title)
        save_figure(figure, path)
    return True


def draw_schedule(rows: Sequence[Mapping[str, Any]], best_epoch: int, path: Path) -> None:
    """Write a PNG of the learning rate at the end of each epoch and the duration of each epoch.

    Args:
        rows: of the history, one per epoch.
        best_epoch: the epoch whose weights are kept, from 1.
        path: of the PNG.
    """
    epochs = [row["epoch"] for row in rows]
    ends = [0.0, *(row["seconds"] for row in rows)]
    with rc_context(STYLE):
        figure = Figure(figsize=(10, 3), layout="constrained")
        rate, time = figure.subplots(1, 2)
        rate.plot(epochs, [row["lr"] for row in rows], color=TRAIN, marker="o" if len(rows) < 30 else "", ms=4)
        rate.set_ylabel("learning rate")
        time.bar(epochs, [end - start for start, end in pairwise(ends)], color=TRAIN)
        time.set_ylabel("seconds")
        for axes in (rate, time):
            axes.axvline(best_epoch, color=INK, linewidth=1, linestyle=":")
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        save_figure(figure, path)


def constant_rate(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the learning rate of every epoch; None where it changed."""
    rates = {row["lr"] for row in rows}
    return rates.pop() if len(rates) == 1 else None


def _scale(axes: Axes, losses: Sequence[float]) -> None:
    """Draw losses on a linear scale, from 0 if they come near it, or on a logarithmic one over many `DECADES`."""
    drawn = [loss for loss in losses if math.isfinite(loss)] or [1.0]
    low, high = min(drawn), max(drawn)
    if 0 < low * 10**DECADES < high:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif 0 <= low < high / 2:
        axes.set_ylim(bottom=0)


def _pair(axes: Axes, rows: Sequence[Mapping[str, Any]], metric: str, best_epoch: int) -> None:
    epochs = [row["epoch"] for row in rows]
    marker = "o" if len(rows) < 30 else ""
    for stage, colour, label in (("train", TRAIN, "train (augmented)"), ("val", VAL, "validation")):
        values = [row.get(f"{metric}/{stage}", math.nan) for row in rows]
        axes.plot(epochs, values, color=colour, label=label, marker=marker, ms=4)
    axes.axvline(best_epoch, color=INK, linewidth=1, linestyle=":", label=f"best: epoch {best_epoch}")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
