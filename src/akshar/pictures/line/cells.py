"""Candidate cells of a row: runs of pieces that may be one character, each framed for the network."""

from dataclasses import dataclass, replace

import numpy as np

from akshar.errors import DataError, UsageError
from akshar.pictures.framing import FramedPicture, frame_ink, frame_picture, is_framed
from akshar.pictures.ink import INKED, Ink, find_ink
from akshar.pictures.input_spec import InputSpec
from akshar.pictures.line.parts import Baseline, find_baseline, find_parts
from akshar.pictures.line.pieces import Pieces, find_pieces
from akshar.pictures.line.signs import sign_of

MARKS = 400  # limit for a row; more marks are dust, dither or a page of text
WIDEST = 1.7  # of a cell of several pieces, share of the row's height
MOST = 8  # pieces in a cell

# What is known of a cell besides what the network reads in it; lengths are shares of the height of a character
SHAPE = (
    "character",  # 1, or 0 for a sign, for which all features to "runs down" are 0
    "width",  # logarithm
    "width squared",
    "height",  # logarithm
    "height squared",
    "strokes",  # logarithm of their length
    "runs across",  # mean number of strokes that a row of the framed character crosses
    "runs across squared",
    "runs down",  # that a column crosses
    "gap inside",  # sum of the widths of paper between its parts
    "gaps inside",  # number of its parts but one
    "overlap inside",  # sum of the columns that its parts share
    "cuts inside",  # number of cuts that are not made
    "ink of cuts inside",
    "cut",  # whether a cut separates it from the next cell
    "ink of the cut",
    "overlap",  # columns that it shares with the next cell
    "sign",  # 1 for a sign
)


@dataclass(frozen=True)
class Cell:
    """A run of pieces that may be one character.

    Attributes:
        first, stop: it has the pieces first, ..., stop - 1.
        framed: the character for the network.
        shape: float (len(SHAPE),), the features SHAPE.
    """

    first: int
    stop: int
    framed: FramedPicture
    shape: np.ndarray


def find_cells(grey: np.ndarray, spec: InputSpec) -> list[Cell]:
    """List the candidate cells of a row, in the order of their first pieces.

    Args:
        grey: float32 [0, 1] (H, W), dark on light or light on dark.
        spec: how each character is framed.

    Returns:
        Cells of which some divide the row without gaps; none for a blank picture.

    Raises:
        DataError: the picture has more than MARKS marks.
        UsageError: the spec does not frame by ink.
    """
    if spec.framing != "ink":
        raise UsageError(f"input_spec.framing={spec.framing}: the model reads whole pictures and no rows")
    ink = None if is_framed(grey, spec) else find_ink(grey, in_row=True)
    if ink is None:
        framed = frame_picture(grey, spec)
        return [] if framed.box is None else [Cell(0, 1, framed, np.zeros(len(SHAPE)))]
    if (marks := np.count_nonzero(np.bincount(ink.marks.ravel())[1:])) > MARKS:
        raise DataError(f"{marks:,} separate marks, too many for a row of characters (at most {MARKS})")
    parts = find_parts(ink)
    line = find_baseline(parts)
    pieces = find_pieces(ink, parts, line)
    cells = []
    for first in range(len(pieces.boxes)):
        for stop in range(first + 1, min(first + MOST, len(pieces.boxes)) + 1):
            left, _, right, _ = box = _box(pieces, first, stop)
            if stop > first + 1 and right - left > WIDEST * line.height:
                break
            cells.append(_cell(ink, pieces, line, first, stop, box, spec))
    return cells


def _is_part(pieces: Pieces, first: int, stop: int) -> bool:
    """Whether pieces are all of one part, with paper at both sides."""
    paper = np.isnan(np.concatenate([[np.nan], pieces.cuts, [np.nan]])[first : stop + 1])
    return bool(paper[0] and paper[-1] and not paper[1:-1].any())


def _box(pieces: Pieces, first: int, stop: int) -> tuple[int, int, int, int]:
    boxes = pieces.boxes[first:stop]
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    return left, top, right, bottom


def _cell(
    ink: Ink,
    pieces: Pieces,
    line: Baseline,
    first: int,
    stop: int,
    box: tuple[int, int, int, int],
    spec: InputSpec,
) -> Cell:
    left, top, right, bottom = box
    area = slice(top, bottom), slice(left, right)
    numbers = pieces.numbers[area]
    own = np.logical_and(numbers > first, numbers <= stop)
    others = np.logical_and(numbers > 0, ~own)
    framed = frame_ink(np.where(others, 0, ink.density[area]), own, ink.pen, spec)
    sign = sign_of(own, top, left, ink.pen, line) if _is_part(pieces, first, stop) else None
    framed = replace(framed, box=box, problem=None if sign else framed.problem, sign=sign)
    form = np.zeros(9) if sign else _form(own, framed, ink.pen, line)
    shape = np.concatenate([form, _borders(pieces, line, first, stop), [float(sign is not None)]])
    return Cell(first, stop, framed, shape)


def _form(own: np.ndarray, framed: FramedPicture, pen: float, line: Baseline) -> np.ndarray:
    """Features of a character for itself: "character" to "runs down"."""
    high, wide = np.log(np.array(own.shape) / line.height)
    strokes = np.log(own.sum() / (pen * line.height))
    pixels = framed.pixels if framed.pixels.ndim == 2 else framed.pixels[0]
    inked = np.abs(pixels - float(pixels[0, 0])) > INKED * 255
    across, down = (np.maximum(np.diff(inked.astype(int), axis=axis), 0).sum(axis).mean() for axis in (1, 0))
    return np.array([1, wide, wide**2, high, high**2, strokes, across, across**2, down])


def _borders(pieces: Pieces, line: Baseline, first: int, stop: int) -> np.ndarray:
    """Features of the borders between pieces: "gap inside" to "overlap"."""
    inner = pieces.cuts[first : stop - 1]
    reached = np.maximum.accumulate(pieces.boxes[:, 2])
    gaps = (pieces.boxes[1:, 0] - reached[:-1]) / line.height
    inside, cuts = gaps[first : stop - 1][np.isnan(inner)], inner[np.isfinite(inner)]
    last = stop == len(pieces.boxes)
    made = np.nan if last else pieces.cuts[stop - 1]
    cut = bool(np.isfinite(made))
    overlap = 0.0 if last or cut else max(0.0, -gaps[stop - 1])
    gap, shared = np.maximum(inside, 0).sum(), np.maximum(-inside, 0).sum()
    return np.array([gap, len(inside), shared, len(cuts), cuts.sum(), cut, made if cut else 0.0, overlap])
