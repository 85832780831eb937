"""Which classes are taken for which: errors alone, with classes that are confused side by side."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from akshar.devanagari.letters import letter_of
from akshar.plots.labels import label_axis, label_width
from akshar.plots.style import GRID, INK, PAPER, STYLE, VAL

ERRORS = LinearSegmentedColormap.from_list("errors", ["#fde3cf", VAL, "#4d2000"])
DIAGONAL = "#e8ebee"
FAINT = "#59626c"  # the counts on it
WIDTH = 10.0  # inches of the figure
RIM = 0.15  # inches of it at the right
TOP = 0.85  # inches above the cells
LEAST_SIDE = 5.5  # inches of the square, for the text around it
ROOMY = 0.75  # inches of a cell, where there are few classes
LEAST_CELL = 0.19  # inches of it; with more classes the figure grows
LETTER = 16.0  # points, where a cell has room for it


def confusion_order(counts: np.ndarray) -> np.ndarray:
    """An order of the classes in which those that are confused with each other stand together.

    The two groups that are confused most are joined, on average over their members (hierarchical clustering with
    average linkage), and of the four ways to put one beside the other the one is taken which brings confused
    classes nearest. Groups that share no error keep the order of their first classes.

    Args:
        counts: int (K, K), rows are the true classes; the diagonal does not matter.

    Returns:
        int64 (K,), a permutation; equal counts always give the same.
    """
    errors = np.asarray(counts, dtype=np.float64).copy()
    np.fill_diagonal(errors, 0)
    errors += errors.T
    chains: list[list[int]] = [[label] for label in range(len(errors))]
    linked = errors.copy()  # mean errors between the members of two groups
    while True:
        at, other = np.unravel_index(linked.argmax(), linked.shape)  # the first of equals
        if linked[at, other] <= 0:
            break
        first, second = sorted((int(at), int(other)))
        sizes = len(chains[first]), len(chains[second])
        mean = (sizes[0] * linked[first] + sizes[1] * linked[second]) / sum(sizes)
        chains[first] = _joined(chains[first], chains[second], errors)
        chains[second] = []
        linked[first, :] = linked[:, first] = mean
        linked[second, :] = linked[:, second] = linked[first, first] = 0
    upright = [chain if chain[0] <= chain[-1] else chain[::-1] for chain in chains if chain]
    return np.array([label for chain in sorted(upright, key=min) for label in chain], dtype=np.int64)


def _joined(one: list[int], other: list[int], errors: np.ndarray) -> list[int]:
    """Both chains in a row, each as it is or turned round, whichever makes the confused ones' distances least."""
    between = errors[np.ix_(one, other)]
    from_end, from_start = np.arange(len(one))[::-1], np.arange(len(other))
    best: tuple[float, list[int]] | None = None
    for turn_one, turn_other in ((False, False), (False, True), (True, False), (True, True)):
        left = from_end[::-1] if turn_one else from_end
        right = from_start[::-1] if turn_other else from_start
        cost = float((between * (left[:, None] + right[None, :])).sum())
        if best is None or cost < best[0]:
            best = cost, (one[::-1] if turn_one else one) + (other[::-1] if turn_other else other)
    assert best is not None
    return best[1]


def confused_pairs(counts: np.ndarray, most: int = 12) -> list[tuple[int, int, int]]:
    """The commonest errors, each direction for itself.

    Args:
        counts: int (K, K), rows are the true classes.
        most: how many at most.

    Returns:
        (true class, predicted class, images), the commonest first; equals in the order of the classes.
    """
    pairs = [
        (int(truth), int(predicted), int(counts[truth, predicted]))
        for truth, predicted in np.argwhere(np.asarray(counts) > 0)
        if truth != predicted
    ]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))[:most]


def draw_confusion(counts: np.ndarray, classes: Sequence[str], path: Path) -> None:
    """Writes a PNG of the errors, true class by predicted class, with the diagonal left pale.

    Args:
        counts: int (K, K), rows are the true classes.
        classes: K names in label order.
        path: of the PNG.
    """
    counts = np.asarray(counts)
    order = confusion_order(counts)
    shown = counts[np.ix_(order, order)]
    errors = np.ma.masked_equal(np.where(np.eye(len(order), dtype=bool), 0, shown), 0)
    wrong = int(errors.sum()) if errors.count() else 0
    most = int(errors.max()) if wrong else 0
    texts = [letter_of(classes[int(label)]) for label in order]
    with plt.rc_context(STYLE):
        figure, axes, cell = _sheet(texts)
        norm = LogNorm(1, max(2, most))
        axes.imshow(np.where(np.eye(len(order)), 0.0, np.nan), cmap=ListedColormap([DIAGONAL]))
        axes.imshow(errors, cmap=ERRORS, norm=norm)
        _cells(axes, shown, cell, norm)
        axes.set_xlabel(
            f"predicted class (n = {counts.sum():,} images, {wrong:,} of them wrong)"
            + ("\nin an order that puts classes together which are confused" if wrong else "")
        )
        axes.set_ylabel(f"true class (n = {_each(counts.sum(1))} images each)")
        if wrong:
            _colour_bar(figure, axes, norm, most)
        else:
            axes.set_title("no errors: all answers are on the diagonal", fontsize=11)
        figure.savefig(path)
        plt.close(figure)


def _sheet(texts: Sequence[str]) -> tuple[Figure, Axes, float]:
    """A figure as large as its labels and cells need, with square axes; and a cell's side in points.

    The places are counted out here, as matplotlib's layouts cut labels off beside axes of a fixed shape.
    """
    # A label takes room from the cells at the left, and is no larger than a cell.
    size = min(LETTER, 0.8 * 72 * WIDTH / len(texts))
    left = label_width(texts, size) / 72 + 0.45
    side = max(min(WIDTH - left - RIM, max(LEAST_SIDE, ROOMY * len(texts))), LEAST_CELL * len(texts))
    cell = side / len(texts) * 72
    size = min(size, cell * 0.8)
    turned = label_width(texts, size) > cell
    bottom = (label_width(texts, size) if turned else size) / 72 + 0.65
    width, height = left + side + RIM, bottom + side + TOP
    figure = plt.figure(figsize=(width, height))
    axes = figure.add_axes((left / width, bottom / height, side / width, side / height))
    label_axis(axes, "x", range(len(texts)), texts, size, turned=turned)
    label_axis(axes, "y", range(len(texts)), texts, size)
    return figure, axes, cell


def _colour_bar(figure: Figure, axes: Axes, norm: LogNorm, most: int) -> None:
    place = axes.get_position()
    height = figure.get_figheight()
    bar = figure.colorbar(
        ScalarMappable(norm, ERRORS),
        cax=figure.add_axes((place.x0 + place.width / 4, place.y1 + 0.1 / height, place.width / 2, 0.13 / height)),
        orientation="horizontal",
        ticklocation="top",
    )
    bar.ax.grid(visible=False)
    bar.set_label("errors (images, log scale); right answers are pale grey")
    bar.ax.xaxis.set_major_locator(FixedLocator(_steps(most)))
    bar.ax.xaxis.set_minor_locator(NullLocator())
    bar.ax.set_xticklabels([f"{step:,}" for step in _steps(most)])


def _cells(axes: Axes, shown: np.ndarray, cell: float, norm: LogNorm) -> None:
    """Lines between the cells, and in each cell with errors how many; on the diagonal where there is room."""
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set(visible=True, color=GRID)
    lines = np.arange(len(shown) - 1) + 0.5
    axes.hlines(lines, -0.5, len(shown) - 0.5, colors=GRID, linewidth=0.5)
    axes.vlines(lines, -0.5, len(shown) - 0.5, colors=GRID, linewidth=0.5)
    roomy = cell > 30
    for row, column in np.argwhere(shown > 0):
        text = f"{shown[row, column]}"
        if row == column and not roomy:
            continue
        size = min(12.0, cell * 0.72, cell * 1.35 / len(text))
        if size >= 5:  # smaller ones cannot be read; the colour says it then
            red, green, blue, _ = ERRORS(norm(shown[row, column]))
            light = 0.3 * red + 0.6 * green + 0.1 * blue > 0.45
            colour = FAINT if row == column else INK if light else PAPER
            axes.text(column, row, text, ha="center", va="center_baseline", fontsize=size, color=colour)


def _each(totals: np.ndarray) -> str:
    low, high = int(totals.min()), int(totals.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _steps(most: int) -> list[int]:
    """1, 2, 5, 10, ... and last the greatest count itself, unless it would touch the one before."""
    steps = [digit * 10**power for power in range(len(str(most))) for digit in (1, 2, 5)]
    return [step for step in steps if step == 1 or step * 1.4 < most] + ([most] if most > 1 else [])
