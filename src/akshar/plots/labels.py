"""Class labels on an axis, drawn as images that HarfBuzz has shaped: matplotlib shapes no conjuncts."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from akshar.pictures.text import caption_font, draw_text
from akshar.plots.style import INK

FINE = 3  # pixels per point: above the resolution of any figure, so that matplotlib only ever scales labels down
LONGEST = 24  # characters of a label that are shown
GAP = 4  # points between an axis and its labels


def label_image(text: str, size: float, font: str | None = None, colour: str = INK) -> np.ndarray:
    """Draw one line of text on a transparent background.

    Args:
        text: what to draw.
        size: pixels per em.
        font: package with glyphs for the text, as `DatasetCard.font` names it.
        colour: any colour that matplotlib knows.

    Returns:
        uint8 RGBA (H, W, 4), cropped to the ink; one transparent pixel for a blank text.
    """
    ink = draw_text(caption_font(text, font), text, size)
    if not ink.size:
        ink = np.zeros((1, 1), np.uint8)
    image = np.empty((*ink.shape, 4), np.uint8)
    image[..., :3] = np.round(np.array(to_rgb(colour)) * 255)
    image[..., 3] = ink
    return image


def label_width(texts: Sequence[str], size: float, font: str | None = None) -> float:
    """Width of the widest label in points, at `size` points per em; 0 for no labels."""
    return max((label_image(_shortened(text), size * FINE, font).shape[1] / FINE for text in texts), default=0.0)


def label_axis(
    axes: Axes,
    which: Literal["x", "y"],
    positions: Sequence[float],
    texts: Sequence[str],
    size: float,
    font: str | None = None,
    *,
    turned: bool = False,
) -> None:
    """Replace the tick labels of an axis by shaped ones, and moves the axis's title outside them.

    Args:
        axes: whose lower or left axis is labelled.
        which: "x" or "y".
        positions: of the labels, in data coordinates.
        texts: one label per position.
        size: points per em.
        font: package with glyphs for the texts, as `DatasetCard.font` names it.
        turned: whether labels run upwards, for long ones on the x axis.
    """
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(list(positions), [""] * len(positions))
    across = 0.0
    for position, text in zip(positions, texts, strict=True):
        image = label_image(_shortened(text), size * FINE, font)
        if turned:
            image = np.rot90(image)
        across = max(across, image.shape[0 if which == "x" else 1] / FINE)
        # As for tick labels, coordinates are data along the axis and a fraction of the axes across it.
        if which == "x":
            anchor, frame, offset, alignment = (position, 0), axes.get_xaxis_transform(), (0, -GAP), (0.5, 1.0)
        else:
            anchor, frame, offset, alignment = (0, position), axes.get_yaxis_transform(), (-GAP, 0), (1.0, 0.5)
        axes.add_artist(
            AnnotationBbox(
                OffsetImage(image, zoom=1 / FINE, resample=True),
                anchor,
                xybox=offset,
                xycoords=frame,
                boxcoords="offset points",
                box_alignment=alignment,
                frameon=False,
                pad=0,
                annotation_clip=False,
            )
        )
    axis.labelpad = across + 2 * GAP


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
