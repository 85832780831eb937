"""Accuracy against coverage when the least confident predictions are rejected."""

import math
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from akshar.metrics.coverage import coverage_at, coverage_curve
from akshar.metrics.intervals import wilson_bounds
from akshar.plots.save import save_figure
from akshar.plots.style import INK, STYLE, TRAIN, VAL

TARGETS = (0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 1.0)  # accuracies to mark
MARKED = 3  # number of marks at most
DRAWN = 3000  # points of the curve; more are not visible


def draw_coverage(confidence: np.ndarray, correct: np.ndarray, path: Path) -> None:
    """Write a PNG of accuracy against coverage, with the coverage of some accuracies marked.

    Args:
        confidence: float (N,), of the predicted classes.
        correct: bool (N,), whether each prediction is correct.
        path: of the PNG.
    """
    share, accuracy = coverage_curve(confidence, correct)
    count, overall = len(share), float(accuracy[-1])
    reached = {coverage_at(confidence, correct, target): target for target in TARGETS if target > overall}
    marks = [(kept, target) for kept, target in reached.items() if kept is not None][-MARKED:]
    left = _left(min((kept for kept, _ in marks), default=1.0))
    drawn = np.unique(np.linspace(max(0, int(left * count) - 1), count - 1, DRAWN).astype(int))
    bounds = wilson_bounds(np.round(accuracy[drawn] * (drawn + 1)), drawn + 1)
    with rc_context(STYLE):
        figure = Figure(figsize=(10, 5), layout="constrained")
        axes = figure.subplots()
        axes.fill_between(
            share[drawn],
            bounds[:, 0],
            bounds[:, 1],
            color=TRAIN,
            alpha=0.15,
            lw=0,
            label="95 % interval at each point",
        )
        axes.plot(share[drawn], accuracy[drawn], color=TRAIN, label="predictions kept, the most confident first")
        low = min(bounds[share[drawn] > left + 0.1 * (1 - left), 0].min(initial=1.0), bounds[-1, 0])
        axes.plot(
            1, overall, "D", ms=7, color=INK, clip_on=False, zorder=4, label=f"all: {100 * overall:.2f} % correct"
        )
        for kept, target in marks:
            many = round(count * kept)
            label = f"{100 * target:.4g} % correct: {100 * kept:.2f} % kept, {count - many:,} rejected"
            axes.plot(kept, accuracy[many - 1], "D", ms=7, color=VAL, clip_on=False, zorder=4, label=label)
        axes.set_xlim(left, 1)
        axes.set_ylim(low - 0.08 * (1 - low) - 1e-6, 1 + 0.05 * (1 - low) + 1e-6)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        begins = f"; the axis begins at {100 * left:.4g} %" if left else ""
        axes.set_xlabel(
            f"coverage: predictions kept when the least confident are rejected (n = {count:,} images{begins})"
        )
        axes.set_ylabel("accuracy of the predictions kept")
        axes.legend(loc="best", fontsize=10)
        save_figure(figure, path)


def _left(least: float) -> float:
    """Start of the coverage axis: a round number well below `least`, the lowest coverage that is marked."""
    gap = min(1.0, max(1.3 * (1 - least), 0.01)) if least < 1 else 1.0
    step = 10.0 ** math.floor(math.log10(gap))
    return max(0.0, round(1 - step * math.ceil(gap / step - 1e-9), 6))
