"""Letters as labels of an axis: pictures that HarfBuzz has shaped, as matplotlib itself shapes no conjuncts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from akshar.pictures.text import CAPTION, Font, draw_text, font_files, load_font
from akshar.plots.style import INK

FINE = 3  # pixels a point: more than any figure is saved with, so that matplotlib only ever makes them smaller
LONGEST = 24  # characters of a class's name that are shown
GAP = 4  # points between an axis and its labels


def letter_image(text: str, size: float, colour: str = INK) -> np.ndarray:
    """Draws one line of text, shaped, on nothing.

    Args:
        text: Devanagari or Latin; other scripts as far as matplotlib's own font has them.
        size: pixels an em.
        colour: any that matplotlib knows.

    Returns:
        uint8 RGBA (H, W, 4), cropped to the ink; one transparent pixel for a blank text.
    """
    ink = draw_text(_font_for(text), text, size)
    if not ink.size:
        ink = np.zeros((1, 1), np.uint8)
    image = np.empty((*ink.shape, 4), np.uint8)
    image[..., :3] = np.round(np.array(to_rgb(colour)) * 255)
    image[..., 3] = ink
    return image


def label_width(texts: Sequence[str], size: float) -> float:
    """The widest of some labels in points, for those who must choose between lying and standing ones."""
    return max((letter_image(_shortened(text), size * FINE).shape[1] / FINE for text in texts), default=0.0)


def label_axis(
    axes: Axes,
    which: Literal["x", "y"],
    positions: Sequence[float],
    texts: Sequence[str],
    size: float,
    colours: Sequence[str] | None = None,
    *,
    turned: bool = False,
) -> None:
    """Puts shaped letters in the place of an axis's tick labels, and moves the axis's own label out of their way.

    Args:
        axes: whose lower or left axis is labelled.
        which: "x" or "y".
        positions: in data coordinates.
        texts: one a position.
        size: points an em.
        colours: one a text; ink where None.
        turned: whether they read upwards, for long names on the x axis.
    """
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(list(positions), [""] * len(positions))
    across = 0.0
    for index, (position, text) in enumerate(zip(positions, texts, strict=True)):
        image = letter_image(_shortened(text), size * FINE, colours[index] if colours else INK)
        if turned:
            image = np.rot90(image)
        across = max(across, image.shape[0 if which == "x" else 1] / FINE)
        # The frame is a fraction of the axes across the axis, and data along it, as tick labels have it.
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


def _font_for(text: str) -> Font:
    """Noto, unless a character of the text would be a box in it."""
    font = load_font(font_files(CAPTION)[0], wght=500)
    if all(font.get_nominal_glyph(ord(character)) is not None for character in text):
        return font
    return load_font(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
