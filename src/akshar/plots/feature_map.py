"""A map of a network's features, with the letters where their images lie."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from akshar.devanagari.letters import letter_of
from akshar.plots.labels import letter_image
from akshar.plots.style import INK, STYLE, WRONG

HUES = plt.get_cmap("tab20").colors  # pyright: ignore[reportAttributeAccessIssue]


def draw_feature_map(
    places: np.ndarray, labels: np.ndarray, right: np.ndarray, classes: Sequence[str], path: Path
) -> None:
    """Writes a PNG: a point an image, errors as crosses, each class's letter at the middle of its points.

    Args:
        places: float (N, 2).
        labels: int (N,).
        right: bool (N,).
        classes: K names.
        path: of the PNG.
    """
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 9), layout="constrained")
        colours = np.array([HUES[label % len(HUES)] for label in labels])
        axes.scatter(*places[right].T, c=colours[right], s=7, linewidths=0, alpha=0.6)
        axes.scatter(
            *places[~right].T, c=WRONG, marker="x", s=40, label=f"errors ({int((~right).sum())})", zorder=3
        )
        for label in np.unique(labels).tolist():
            middle = np.median(places[labels == label], axis=0)
            letter = OffsetImage(letter_image(letter_of(str(classes[label])), 60, INK), zoom=0.36)
            letter.image.axes = axes
            axes.add_artist(AnnotationBbox(letter, tuple(middle), frameon=False, zorder=4))
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(f"{len(labels):,} test images by t-SNE of the last layer's input; near is alike, no unit")
        if (~right).any():
            axes.legend(loc="upper right")
        figure.savefig(path)
        plt.close(figure)
