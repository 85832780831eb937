"""What it gains to refuse the least sure answers."""

import math
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

from akshar.metrics.accuracy import wilson_interval
from akshar.plots.style import INK, STYLE, TRAIN, VAL

TARGETS = (0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 1.0)  # accuracies that may be marked
MARKED = 3  # of them at most
DRAWN = 3000  # points of the curve; more cannot be seen


def share_ties(confidence: np.ndarray, right: np.ndarray) -> np.ndarray:
    """What each answer counts, float (N,): 1 right and 0 wrong, and among equal confidences their mean.

    So no figure hangs on the order in which images of equal confidence come.

    >>> share_ties(np.array([0.9, 0.5, 0.5]), np.array([True, True, False])).tolist()
    [1.0, 0.5, 0.5]
    """
    _, tied = np.unique(confidence, return_inverse=True)
    return (np.bincount(tied, right) / np.bincount(tied))[tied]


def coverage_curve(confidence: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy of the k surest answers, for each k from 1 to N (El-Yaniv and Wiener, JMLR 2010).

    Answers of equal confidence share what is right among them (`share_ties`).

    Args:
        confidence: (N,), of the answers given.
        right: bool (N,).

    Returns:
        The share that is kept, (N,), rising to 1, and the accuracy of those, (N,), ending at the accuracy of all.

    >>> coverage_curve(np.array([0.9, 0.6, 0.8]), np.array([True, False, True]))[1].round(2).tolist()
    [1.0, 1.0, 0.67]
    """
    shared = share_ties(confidence, right)
    order = np.argsort(-np.asarray(confidence), kind="stable")
    kept = np.arange(1, len(order) + 1)
    accuracy = np.minimum(np.cumsum(shared[order]) / kept, 1.0)  # the mean of thirds may add up to a hair above 1
    return kept / len(order), accuracy


def kept_at(confidence: np.ndarray, right: np.ndarray, target: float) -> float | None:
    """The largest share of the surest answers of which `target` are right; None if no share is so good.

    It is found on the very images it speaks of, so new ones may do a little worse.
    """
    share, accuracy = coverage_curve(confidence, right)
    good = np.flatnonzero(accuracy >= target - 1e-12)
    return float(share[good[-1]]) if len(good) else None


def draw_coverage(confidence: np.ndarray, right: np.ndarray, path: Path) -> None:
    """Writes a PNG of the accuracy of the answers kept against the share kept, with some points marked.

    Args:
        confidence: (N,), of the answers given.
        right: bool (N,).
        path: of the PNG.
    """
    share, accuracy = coverage_curve(confidence, right)
    count, overall = len(share), float(accuracy[-1])
    reached = {kept_at(confidence, right, target): target for target in TARGETS if target > overall}
    marks = [(kept, target) for kept, target in reached.items() if kept is not None][-MARKED:]
    left = _left(min((kept for kept, _ in marks), default=1.0))
    drawn = np.unique(np.linspace(max(0, int(left * count) - 1), count - 1, DRAWN).astype(int))
    bounds = np.array([wilson_interval(round(accuracy[at] * (at + 1)), int(at) + 1) for at in drawn])
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(10, 5), layout="constrained")
        axes.fill_between(
            share[drawn],
            bounds[:, 0],
            bounds[:, 1],
            color=TRAIN,
            alpha=0.15,
            lw=0,
            label="95 % interval at each point",
        )
        axes.plot(share[drawn], accuracy[drawn], color=TRAIN, label="answers kept, the surest first")
        low = min(bounds[share[drawn] > left + 0.1 * (1 - left), 0].min(initial=1.0), bounds[-1, 0])
        axes.plot(
            1, overall, "D", ms=7, color=INK, clip_on=False, zorder=4, label=f"all: {100 * overall:.2f} % right"
        )
        for kept, target in marks:
            many = round(count * kept)
            label = f"{100 * target:.4g} % right: {100 * kept:.2f} % kept, {count - many:,} refused"
            axes.plot(kept, accuracy[many - 1], "D", ms=7, color=VAL, clip_on=False, zorder=4, label=label)
        axes.set_xlim(left, 1)
        axes.set_ylim(low - 0.08 * (1 - low) - 1e-6, 1 + 0.05 * (1 - low) + 1e-6)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        begins = f"; the axis begins at {100 * left:.4g} %" if left else ""
        axes.set_xlabel(f"answers kept when the least sure are refused (share of n = {count:,} images{begins})")
        axes.set_ylabel("accuracy of the answers kept")
        axes.legend(loc="best", fontsize=10)
        figure.savefig(path)
        plt.close(figure)


def _left(least: float) -> float:
    """Where the axis begins: a round share that leaves what is marked well inside."""
    gap = min(1.0, max(1.3 * (1 - least), 0.01)) if least < 1 else 1.0
    step = 10.0 ** math.floor(math.log10(gap))
    return max(0.0, round(1 - step * math.ceil(gap / step - 1e-9), 6))
