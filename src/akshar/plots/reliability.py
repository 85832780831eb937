"""Reliability diagram: accuracy against confidence, before and after temperature scaling."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter

from akshar.metrics.calibration import Bins, calibration_error, equal_bins
from akshar.plots.save import save_figure
from akshar.plots.style import INK, STYLE, TRAIN, VAL

SUREST = 1 - 1e-5  # upper end of the axes: resolving higher confidence takes more than 100,000 images
LEAST = 0.005  # lower end of the axes
TICKS = (0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999)
SURE = 0.9  # median confidence above which the diagram has logit scales
COLUMNS = 30  # bins of the histogram


def draw_reliability(
    before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray], path: Path
) -> None:
    """Write a PNG: reliability diagram, histogram of confidence, and gap of accuracy and confidence by bin.

    Args:
        before: without temperature scaling: confidence, float (N,), and whether each prediction is correct, bool
            (N,).
        after: the same with temperature scaling.
        path: of the PNG.
    """
    binned = [equal_bins(*before), equal_bins(*after)]
    errors = [100 * calibration_error(*before), 100 * calibration_error(*after)]
    confidences = [before[0], after[0]]
    logit = is_mostly_sure(confidences)
    ends = _ends(confidences, binned) if logit else (0.0, 1.0)
    scale = "logit scale, " if logit else ""
    with rc_context(STYLE):
        figure = Figure(figsize=(10, 6.6), layout=ConstrainedLayoutEngine(w_pad=0.1))
        grid = figure.add_gridspec(2, 2, height_ratios=(2.4, 1), width_ratios=(1.15, 1))
        diagram = figure.add_subplot(grid[0, 0])
        histogram = figure.add_subplot(grid[1, 0], sharex=diagram)
        gaps = figure.add_subplot(grid[:, 1])
        diagram.plot(ends, ends, color=INK, lw=1, ls=":", label="confidence = accuracy")
        edges = np.linspace(*ends, COLUMNS + 1)
        if logit:
            edges = 1 / (1 + np.exp(-np.linspace(_logit(ends[0]), _logit(ends[1]), COLUMNS + 1)))
        for at, (colour, marker, label) in enumerate(
            ((VAL, "o", "before temperature scaling"), (TRAIN, "s", "after"))
        ):
            _diagram(diagram, binned[at], ends, colour, marker, f"{label}: ECE {errors[at]:.2f} percentage points")
            _gaps(gaps, binned[at], colour, marker, (at - 0.5) * 0.28)
            confidence = np.clip((before, after)[at][0], edges[0], edges[-1])
            histogram.hist(confidence, bins=list(edges), histtype="step", color=colour, lw=1.8)
        if logit:
            _logit_scale(diagram, ends, np.concatenate([bins.accuracy for bins in binned]))
        else:
            _linear_scale(diagram)
        diagram.tick_params(labelbottom=False)
        diagram.set_ylabel(f"accuracy of a bin\n({scale}95 % interval)")
        histogram.tick_params(labelsize=9.5)
        histogram.set_yscale("log")
        histogram.set_ylim(bottom=0.7)  # so that a bar of one image is visible
        histogram.set_ylabel("images (log scale)")
        histogram.set_xlabel(f"confidence ({scale}n = {len(before[0]):,} images)")
        sizes = np.unique(binned[0].size)
        count = len(binned[0].size)
        gaps.axhline(0, color=INK, lw=1, ls=":")
        gaps.set_xlim(0.4, count + 0.6)
        gaps.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        each = " or ".join(f"{size:,}" for size in sizes)
        gaps.set_xlabel(f"bin, in ascending order of confidence\n({count} bins, n = {each} images each)")
        gaps.set_ylabel("accuracy − confidence (percentage points, 95 % interval)")
        figure.legend(*diagram.get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize=9.5)
        save_figure(figure, path)


def _ends(confidences: list[np.ndarray], binned: list[Bins]) -> tuple[float, float]:
    """Ends of both axes of the diagram, wide enough for all bins, intervals and confidences in [LEAST, SUREST]."""
    shares = np.concatenate([*confidences, *(bins.bounds.ravel() for bins in binned)])
    inside = shares[(shares > 0) & (shares < 1)]
    low = max(0.8 * float(inside.min(initial=0.5)), LEAST)
    high = float(inside.max(initial=0.5))
    return low, min(1 - (1 - high) / 1.5, SUREST)


def _diagram(axes: Axes, bins: Bins, ends: tuple[float, float], colour: str, marker: str, label: str) -> None:
    x, y = np.clip(bins.confidence, *ends), np.clip(bins.accuracy, *ends)
    axes.vlines(x, *np.clip(bins.bounds, *ends).T, color=colour, lw=1.2, alpha=0.6)
    axes.plot(x, y, marker, ms=5.5, color=colour, label=label, clip_on=False, zorder=3)


def _gaps(axes: Axes, bins: Bins, colour: str, marker: str, aside: float) -> None:
    gap = 100 * (bins.accuracy - bins.confidence)
    reach = np.abs(100 * (bins.bounds - bins.accuracy[:, None])).T
    places = np.arange(1, len(gap) + 1) + aside
    axes.errorbar(places, gap, yerr=reach, fmt=marker, ms=4.5, color=colour, elinewidth=1.2)


def is_mostly_sure(confidences: Sequence[np.ndarray]) -> bool:
    """Whether most predictions are confident; the diagram then has logit scales, which separate 99 % and 99.9 %."""
    return float(np.median(np.concatenate(confidences))) > SURE


def _linear_scale(axes: Axes) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.tick_params(labelsize=9.5)


def _logit_scale(axes: Axes, ends: tuple[float, float], accuracies: np.ndarray) -> None:
    """Set logit scales, which separate 99 %, 99.9 % and 99.99 %; 0 and 100 % are drawn at the ends."""
    ticks = [tick for tick in TICKS if ends[0] * 1.5 <= tick and 1 - tick >= 3 * (1 - ends[1])]
    names = [f"{100 * tick:.4g} %" for tick in ticks]
    outer = [(ends[0], "0 %")] if accuracies.min() <= ends[0] else []
    outer += [(ends[1], "100 %")] if accuracies.max() >= ends[1] else []
    axes.set_xscale("logit")
    axes.set_yscale("logit")
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.set_xticks(ticks, names)
    axes.set_yticks([*ticks, *(tick for tick, _ in outer)], [*names, *(name for _, name in outer)])
    axes.tick_params(labelsize=9.5)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))
