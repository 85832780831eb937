"""Signs between the characters of a row, recognised by their shape: / - ."""

import numpy as np

from akshar.pictures.line.parts import Baseline

SMALL = 0.35  # greatest size of a dot in both directions, share of the row's height
STRAIGHT = 1.4  # greatest thickness of a single straight stroke, in widths of the pen


def sign_of(own: np.ndarray, top: int, left: int, pen: float, line: Baseline) -> str | None:
    """The sign that has the shape of a mark; else None.

    Args:
        own: bool (h, w), the mark's pixels in its box.
        top, left: corner of the box in the picture.
        pen: width of the strokes, pixels.
        line: the row's course.
    """
    height, width = own.shape
    length, thickness, angle = _axes(own)
    straight = thickness < STRAIGHT * pen and length > 2 * thickness
    small = SMALL * line.height
    if max(width, height) < small and not straight and line.below(top, left + width / 2) > -SMALL:
        return "."
    if not straight:
        return None
    if min(angle, 180 - angle) < 25 and height < small and length < 1.5 * line.height:
        return "-"
    return "/" if 45 < angle < 82 and height > 0.6 * line.height else None


def _axes(own: np.ndarray) -> tuple[float, float, float]:
    """A mark as one stroke: length and thickness in pixels, angle to the horizontal in degrees [0, 180)."""
    y, x = np.nonzero(own)
    if len(x) < 2:
        return 1.0, 1.0, 0.0
    values, vectors = np.linalg.eigh(np.cov(np.stack([x, -y])))
    thickness, length = np.sqrt(12 * np.maximum(values, 0))
    return float(length), float(thickness), float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180)
