"""Ink -> the 32x32 that a network expects: white on black, stretched to 28x28, as DHCD does."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy import ndimage

from akshar.pictures.frame import BORDER, BOX, SIDE
from akshar.pictures.ink import INKED, find_ink

THINNEST = 2.0  # pixels of the box; thinner strokes are widened to it
SOLID = 0.85  # share of the box in ink above which nothing can be told
FINE = 4 * BOX  # pixels a side at most, where strokes are widened

BLANK, ALL_INK = "blank", "all ink"
ONE_STROKE = "one stroke"  # straight; no letter and no digit is that alone
SEVERAL = "several"  # characters beside one another
LONG = 4.0  # times its width: how long a straight stroke is at least
WIDE = 1.6  # times its height: how wide a row of characters is at least
TALL = 0.5  # share of a row's height that a character has at least
SHORTER, LONGER = 14, 22  # pixels of the 32 that a character of DHCD takes at least (one in a thousand: less)


@dataclass(frozen=True)
class Placed:
    """A character, framed.

    Attributes:
        pixels: uint8 [0, 255] (32, 32), white on black.
        box: left, top, right, bottom in the picture, pixels; None for a blank picture.
        problem: None, or why there is no character: BLANK, ALL_INK, ONE_STROKE or SEVERAL.
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
        problem = ALL_INK if _is_solid(grey[BORDER:-BORDER, BORDER:-BORDER]) else None
        return Placed(np.rint(grey * 255).astype(np.uint8), (0, 0, SIDE, SIDE), problem)
    ink = find_ink(grey)
    if ink is None:
        return Placed(np.zeros((SIDE, SIDE), np.uint8), None, BLANK)
    placed = frame(ink.density, ink.marks > 0, ink.pen)
    if placed.problem is None and placed.box and _is_row(ink.marks > 0, placed.box):
        return replace(placed, problem=SEVERAL)
    return placed


def is_placed(grey: np.ndarray) -> bool:
    """Whether a picture is 32x32 with the black border of DHCD, and a character that fills the rest."""
    if grey.shape != (SIDE, SIDE):
        return False
    inked = grey > 0
    shorter, longer = sorted(_extent(np.asarray(inked.any(axis))) for axis in (0, 1))
    if shorter < SHORTER or longer < LONGER:
        return False
    border = np.ones((SIDE, SIDE), bool)
    border[BORDER:-BORDER, BORDER:-BORDER] = False
    return not inked[border].any()


def _extent(line: np.ndarray) -> int:
    """From the first True to the last, both counted."""
    found = np.flatnonzero(line)
    return int(found[-1] - found[0]) + 1 if len(found) else 0


def _is_solid(inside: np.ndarray) -> bool:
    return bool((inside > INKED).mean() > SOLID)


def _is_row(inked: np.ndarray, box: tuple[int, int, int, int]) -> bool:
    """Whether marks lie beside one another, with paper between them, and reach too far for a single character."""
    left, top, right, bottom = box
    height = bottom - top
    if right - left < WIDE * height:
        return False
    crop = inked[top:bottom, left:right]
    columns = np.asarray(crop.any(axis=0))
    starts = np.flatnonzero(columns & ~np.r_[False, columns[:-1]])
    tall = [_extent(np.asarray(part.any(axis=1))) >= TALL * height for part in np.split(crop, starts[1:], axis=1)]
    return sum(tall) > 1


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
    problem = None
    if _is_solid(inside):
        sides = bottom - top, right - left
        problem = ONE_STROKE if max(sides) > LONG * min(sides) else ALL_INK
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
