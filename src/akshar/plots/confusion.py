"""Confusion matrix of the errors, with the classes ordered so that confused ones are adjacent."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from akshar.data.card import DatasetCard
from akshar.plots.labels import label_axis, label_width
from akshar.plots.save import save_figure
from akshar.plots.style import GRID, INK, PAPER, STYLE, VAL

ERRORS = LinearSegmentedColormap.from_list("errors", ["#fde3cf", VAL, "#4d2000"])
DIAGONAL = "#e8ebee"
FAINT = "#59626c"  # counts on the diagonal
WIDTH = 10.0  # inches, of the figure
RIM = 0.15  # inches at the right of the matrix
TOP = 0.85  # inches above the matrix
LEAST_SIDE = 5.5  # inches, of the matrix: room for the text around it
ROOMY = 0.75  # inches, of a cell, for few classes
LEAST_CELL = 0.19  # inches, of a cell; with more classes the figure grows
LABEL = 16.0  # points per em, where a cell has room for it


def confusion_order(counts: np.ndarray) -> np.ndarray:
    """Order the classes so that those confused with each other are adjacent.

    Hierarchical clustering with average linkage: the two groups with the most errors between their members, on
    average, are joined, in that of the four possible arrangements which brings confused classes nearest to each
    other. Groups without errors between them are ordered by their first classes.

    Args:
        counts: int (K, K), rows are the true classes; the diagonal is ignored.

    Returns:
        int64 (K,), a permutation; deterministic.
    """
    errors = np.asarray(counts, dtype=np.float64).copy()
    np.fill_diagonal(errors, 0)
    errors += errors.T
    chains: list[list[int]] = [[label] for label in range(len(errors))]
    linked = errors.copy()  # mean number of errors between the members of two groups
    while True:
        at, other = np.unravel_index(linked.argmax(), linked.shape)  # ties: the first
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


def _joined(first: list[int], second: list[int], errors: np.ndarray) -> list[int]:
    """Concatenate two chains, each reversed or not, so that the distances of confused classes are smallest."""
    between = errors[np.ix_(first, second)]
    from_end, from_start = np.arange(len(first))[::-1], np.arange(len(second))
    best: tuple[float, list[int]] | None = None
    for turn_first, turn_second in ((False, False), (False, True), (True, False), (True, True)):
        left = from_end[::-1] if turn_first else from_end
        right = from_start[::-1] if turn_second else from_start
        cost = float((between * (left[:, None] + right[None, :])).sum())
        if best is None or cost < best[0]:
            best = cost, (first[::-1] if turn_first else first) + (second[::-1] if turn_second else second)
    assert best is not None
    return best[1]


def confused_pairs(counts: np.ndarray, most: int = 12) -> list[tuple[int, int, int]]:
    """List the most frequent errors; each direction counts separately.

    Args:
        counts: int (K, K), rows are the true classes.
        most: length of the list at most.

    Returns:
        (true class, predicted class, images), the most frequent first; ties in the order of the classes.
    """
    pairs = [
        (int(truth), int(predicted), int(counts[truth, predicted]))
        for truth, predicted in np.argwhere(np.asarray(counts) > 0)
        if truth != predicted
    ]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))[:most]


def draw_confusion(counts: np.ndarray, classes: Sequence[str], card: DatasetCard, path: Path) -> None:
    """Write a PNG of the errors, true class by predicted class; the diagonal is pale grey.

    Args:
        counts: int (K, K), rows are the true classes.
        classes: K names in label order.
        card: of the data set.
        path: of the PNG.
    """
    counts = np.asarray(counts)
    order = confusion_order(counts)
    ordered = counts[np.ix_(order, order)]
    errors = np.ma.masked_equal(np.where(np.eye(len(order), dtype=bool), 0, ordered), 0)
    wrong = int(errors.sum()) if errors.count() else 0
    most = int(errors.max()) if wrong else 0
    texts = [card.label_with_latin(classes[int(label)]) for label in order]
    with rc_context(STYLE):
        figure, axes, cell = _matrix(texts, card.font)
        norm = LogNorm(1, max(2, most))
        axes.imshow(np.where(np.eye(len(order)), 0.0, np.nan), cmap=ListedColormap([DIAGONAL]))
        axes.imshow(errors, cmap=ERRORS, norm=norm)
        _cells(axes, ordered, cell, norm)
        axes.set_xlabel(
            f"predicted class (n = {counts.sum():,} images, {wrong:,} errors)"
            + ("\nordered so that confused classes are adjacent" if wrong else "")
        )
        axes.set_ylabel(f"true class (n = {_each(counts.sum(1))} images each)")
        if wrong:
            _colour_bar(figure, axes, norm, most)
        else:
            axes.set_title("no errors: all predictions are on the diagonal", fontsize=11)
        save_figure(figure, path)


def _matrix(texts: Sequence[str], font: str | None) -> tuple[Figure, Axes, float]:
    """Make a figure with square axes that fits its labels and cells; also returns a cell's side in points.

    The layout is computed here because matplotlib's layouts cut off labels beside axes of a fixed aspect.
    """
    # A label takes room from the cells at the left, and must not be larger than a cell.
    size = min(LABEL, 0.8 * 72 * WIDTH / len(texts))
    left = label_width(texts, size, font) / 72 + 0.45
    side = max(min(WIDTH - left - RIM, max(LEAST_SIDE, ROOMY * len(texts))), LEAST_CELL * len(texts))
    cell = side / len(texts) * 72
    size = min(size, cell * 0.8)
    turned = label_width(texts, size, font) > cell
    bottom = (label_width(texts, size, font) if turned else size) / 72 + 0.65
    width, height = left + side + RIM, bottom + side + TOP
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((left / width, bottom / height, side / width, side / height))
    label_axis(axes, "x", range(len(texts)), texts, size, font, turned=turned)
    label_axis(axes, "y", range(len(texts)), texts, size, font)
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
    bar.set_label("errors (images, log scale); correct predictions are pale grey")
    bar.ax.xaxis.set_major_locator(FixedLocator(_steps(most)))
    bar.ax.xaxis.set_minor_locator(NullLocator())
    bar.ax.set_xticklabels([f"{step:,}" for step in _steps(most)])


def _cells(axes: Axes, counts: np.ndarray, cell: float, norm: LogNorm) -> None:
    """Draw lines between the cells, and the count in each cell with errors; on the diagonal if there is room."""
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set(visible=True, color=GRID)
    lines = np.arange(len(counts) - 1) + 0.5
    axes.hlines(lines, -0.5, len(counts) - 0.5, colors=GRID, linewidth=0.5)
    axes.vlines(lines, -0.5, len(counts) - 0.5, colors=GRID, linewidth=0.5)
    roomy = cell > 30
    for row, column in np.argwhere(counts > 0):
        text = f"{counts[row, column]}"
        if row == column and not roomy:
            continue
        size = min(12.0, cell * 0.72, cell * 1.35 / len(text))
        if size >= 5:  # smaller text is illegible; the colour shows the count then
            red, green, blue, _ = ERRORS(norm(counts[row, column]))
            light = 0.3 * red + 0.6 * green + 0.1 * blue > 0.45
            colour = FAINT if row == column else INK if light else PAPER
            axes.text(column, row, text, ha="center", va="center_baseline", fontsize=size, color=colour)


def _each(totals: np.ndarray) -> str:
    low, high = int(totals.min()), int(totals.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _steps(most: int) -> list[int]:
    """Ticks 1, 2, 5, 10, ... and the largest count, without those so near to it that their labels overlap."""
    steps = [digit * 10**power for power in range(len(str(most))) for digit in (1, 2, 5)]
    return [step for step in steps if step == 1 or step * 1.4 < most] + ([most] if most > 1 else [])
