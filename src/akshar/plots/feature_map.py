"""Map of a network's features in two dimensions, with the label of each class on its images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from akshar.data.card import DatasetCard
from akshar.plots.labels import label_image
from akshar.plots.save import save_figure
from akshar.plots.style import INK, STYLE, WRONG

SHORT = 3  # characters of labels that are drawn large
HUES = colormaps["tab20"].colors  # pyright: ignore[reportAttributeAccessIssue]


def draw_feature_map(
    places: np.ndarray,
    labels: np.ndarray,
    correct: np.ndarray,
    classes: Sequence[str],
    card: DatasetCard,
    path: Path,
) -> None:
    """Write a PNG: one point per image, errors as crosses, the label of each class at the median of its points.

    Args:
        places: float (N, 2), positions on the map.
        labels: int (N,), true classes.
        correct: bool (N,), whether each prediction is correct.
        classes: K names in label order.
        card: of the data set.
        path: of the PNG.
    """
    texts = [card.label_with_latin(name) for name in classes]
    zoom = 0.36 if max(map(len, texts)) <= SHORT else 0.22
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 9), layout="constrained")
        axes = figure.subplots()
        colours = np.array([HUES[label % len(HUES)] for label in labels])
        axes.scatter(*places[correct].T, c=colours[correct], s=7, linewidths=0, alpha=0.6)
        wrong = places[~correct]
        axes.scatter(*wrong.T, c=WRONG, marker="x", s=40, label=f"errors ({len(wrong)})", zorder=3)
        for label in np.unique(labels).tolist():
            middle = np.median(places[labels == label], axis=0)
            image = OffsetImage(label_image(texts[label], 60, card.font, INK), zoom=zoom)
            image.image.axes = axes
            axes.add_artist(AnnotationBbox(image, tuple(middle), frameon=False, zorder=4))
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(f"t-SNE of the last layer's input for {len(labels):,} test images (axes have no unit)")
        if len(wrong):
            axes.legend(loc="upper right")
        save_figure(figure, path)
