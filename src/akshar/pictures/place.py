"""Ink -> the 32x32 that a network expects: white on black, stretched to 28x28, as DHCD does."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from akshar.pictures.frame import BORDER, BOX, SIDE
from akshar.pictures.ink import INKED, find_ink

THINNEST = 2.0  # pixels of the box; thinner strokes are widened to it
SOLID = 0.85  # share of the box in ink above which nothing can be told
FINE = 4 * BOX  # pixels a side at most, where strokes are widened

BLANK, ALL_INK = "blank", "all ink"


@dataclass(frozen=True)
class Placed:
    """A character, framed.

    Attributes:
        pixels: uint8 [0, 255] (32, 32), white on black.
        box: left, top, right, bottom in the picture, pixels; None for a blank picture.
        problem: None, or why there is no character: BLANK or ALL_INK.
        sign: in a row, "/", "-" or "." where the mark's shape is that of one; else None.
    """

    pixels: np.ndarray
    box: tuple[int, int, int, int] | None
    problem: str | None = None
    sign: str | None = None


def place(grey: np.ndarray) -> Placed:
    """Finds the ink, crops to it and stretches it to the box.

    Args:
        grey: float32 [0, 1] (H, W), dark on light or light on dark.

    Returns:
        A picture that is placed so already as it is.
    """
    if is_placed(grey):
        return Placed(np.rint(grey * 255).astype(np.uint8), (0, 0, SIDE, SIDE))
    ink = find_ink(grey)
    if ink is None:
        return Placed(np.zeros((SIDE, SIDE), np.uint8), None, BLANK)
    return frame(ink.density, ink.marks > 0, ink.pen)


def is_placed(grey: np.ndarray) -> bool:
    """Whether a picture is 32x32 with the black border of DHCD and something inside."""
    if grey.shape != (SIDE, SIDE) or not grey.any():
        return False
    border = np.ones((SIDE, SIDE), bool)
    border[BORDER:-BORDER, BORDER:-BORDER] = False
    return not grey[border].any()


def frame(density: np.ndarray, inked: np.ndarray, pen: float) -> Placed:
    """Crops to what is inked and stretches it to the box.

    Args:
        density: float32 [0, 1] (H, W), 1 in ink.
        inked: bool (H, W), the character's own pixels.
        pen: width of the strokes, pixels.
    """
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    crop = _widened(density[top:bottom, left:right], pen)
    box = Image.fromarray(crop).resize((BOX, BOX), Image.Resampling.BOX if min(crop.shape) > BOX else None)
    inside = np.clip(np.asarray(box), 0, 1)
    placed = np.zeros((SIDE, SIDE), np.uint8)
    placed[BORDER:-BORDER, BORDER:-BORDER] = np.rint(inside * 255).astype(np.uint8)
    problem = ALL_INK if (inside > INKED).mean() > SOLID else None
    return Placed(placed, (left, top, right, bottom), problem)


def _widened(crop: np.ndarray, pen: float) -> np.ndarray:
    """A crop whose strokes are no thinner than THINNEST once it is in the box."""
    scale = BOX / max(crop.shape)  # of the longer side: the shorter one is stretched more, its strokes with it
    if pen * scale >= THINNEST or min(crop.shape) < 3:
        return crop
    factor = min(1.0, FINE / max(crop.shape))
    if factor < 1:
        size = [max(3, round(side * factor)) for side in crop.shape]
        small = Image.fromarray(crop).resize((size[1], size[0]), Image.Resampling.BOX)
        crop, pen = np.asarray(small) / min(1.0, max(pen * factor, 0.25)), pen * factor
        crop = np.clip(crop, 0, 1)
    wanted = THINNEST / BOX * max(crop.shape)
    reach = max(0, round((wanted - max(pen, 1.0)) / 2))
    if not reach:
        return crop
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disc = x * x + y * y <= reach * reach + reach
    return ndimage.grey_dilation(np.pad(crop, reach), footprint=disc)
