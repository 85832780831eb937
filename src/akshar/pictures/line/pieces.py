"""Pieces of a row: its parts, cut wherever two characters may touch; a character is one piece or several."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from akshar.pictures.ink import Ink
from akshar.pictures.line.parts import Baseline, Part
from akshar.pictures.line.seams import find_seams, numbered_pieces

# Parts that may be several characters, shares of the height of a character. Larger ones are no row, and the search
# for cuts through them would take all memory.
WIDTHS = 0.5, 20.0
HEIGHTS = 0.4, 3.0


@dataclass(frozen=True)
class Pieces:
    """Pieces of a row from left to right, P of them.

    Attributes:
        numbers: int32 (H, W), 0 on paper, else the number of the piece, from 1.
        boxes: int (P, 4): left, top, right, bottom of each piece, pixels.
        cuts: float (P - 1,), ink that the cut between two pieces crosses, in widths of the pen; NaN where paper
            separates them.
    """

    numbers: np.ndarray
    boxes: np.ndarray
    cuts: np.ndarray


def find_pieces(ink: Ink, parts: list[Part], line: Baseline) -> Pieces:
    """Cut the parts of a row into pieces."""
    numbers = np.zeros(ink.marks.shape, np.int32)
    boxes: list[tuple[int, int, int, int]] = []
    cuts: list[float] = []
    for part in parts:
        own = np.isin(ink.marks[part.area], part.marks)
        crossed = np.nan  # by the cut at the left of the next piece
        for piece, at_right in _divide(own, ink, part, line):
            if piece.any():
                cuts += [crossed] if boxes else []
                boxes.append(_box(piece, part))
                numbers[part.area][piece] = len(boxes)
                crossed = at_right
    return Pieces(numbers, np.array(boxes), np.array(cuts, float))


def _divide(own: np.ndarray, ink: Ink, part: Part, line: Baseline) -> Iterable[tuple[np.ndarray, float]]:
    """Pieces of a part, bool (h, w), each with the ink that the cut at its right crosses, NaN at the end."""
    sides = (part.width, WIDTHS), (part.height, HEIGHTS)
    if not all(least < side / line.height < most for side, (least, most) in sides):
        return [(own, np.nan)]
    seams = find_seams(np.where(own, ink.density[part.area], 0), ink.pen, line.height)
    numbers = numbered_pieces(seams, own.shape)
    pieces = (np.logical_and(own, numbers == number) for number in range(len(seams) + 1))
    return zip(pieces, [*(seam.ink for seam in seams), np.nan], strict=True)


def _box(piece: np.ndarray, part: Part) -> tuple[int, int, int, int]:
    rows, columns = (np.flatnonzero(piece.any(axis)) for axis in (1, 0))
    left, top = part.left + int(columns[0]), part.top + int(rows[0])
    return left, top, part.left + int(columns[-1]) + 1, part.top + int(rows[-1]) + 1
