"""Signs between the characters of a row, recognised by their shape: / - ."""

import numpy as np

from akshar.pictures.line.parts import Baseline

SMALL = 0.35  # greatest size of a dot in both directions, share of the row's height
THICK = 0.7  # least size of a dot in both directions, widths of the pen
SHORT, LONG = 0.2, 1.5  # lengths of a hyphen, shares of the row's height
LOW, HIGH = 0.15, 0.85  # distances of a hyphen to the base line, shares of the row's height
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
    top_below = line.below(top, left + width / 2)
    if THICK * pen < min(width, height) and max(width, height) < small and not straight and top_below > -SMALL:
        return "."
    if not straight:
        return None
    in_middle = -HIGH < line.below(top + height / 2, left + width / 2) < -LOW
    if min(angle, 180 - angle) < 25 and height < small and SHORT * line.height < length < LONG * line.height:
        return "-" if in_middle else None
    return "/" if 45 < angle < 82 and height > 0.6 * line.height else None


def _axes(own: np.ndarray) -> tuple[float, float, float]:
    """A mark as one stroke: length and thickness in pixels, angle to the horizontal in degrees [0, 180)."""
    y, x = np.nonzero(own)
    if len(x) < 2:
        return 1.0, 1.0, 0.0
    values, vectors = np.linalg.eigh(np.cov(np.stack([x, -y])))
    thickness, length = np.sqrt(12 * np.maximum(values, 0))
    return float(length), float(thickness), float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180)
