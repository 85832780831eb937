"""Chooses the cells of a row: the path through its candidate cells with the greatest score.

A row is cut into more pieces than it has characters, and the network reads every run of pieces that may be one; the
best path is found by dynamic programming, as in LeCun et al., "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 1998, and Liu, Sako and Fujisawa, "Effects of classifier structures and
training regimes on integrated segmentation and recognition of handwritten numeral strings", IEEE PAMI 2004. A
path's score is a sum over its cells of weighted features: a semi-Markov conditional random field (Sarawagi and
Cohen, NIPS 2004), whose weights `akshar.benchmarks.row_weights` fits.

Digits and letters have weights of their own, and seldom follow each other: a digit that may as well be a letter is
read as a digit among digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from akshar.pictures.line.cells import SHAPE, Cell
from akshar.reader.row_weights import BOTH, CHANGE, DIGITS, LETTERS

LEAST = 1e-4  # probabilities below it count as this; the network's are not calibrated there
READ = ("probability", "doubt")  # logarithms of the best probability p and of 1 - p
FEATURES = (*READ, *SHAPE)
CERTAIN = 1e-4  # least 1 - p


@dataclass(frozen=True)
class Reading:
    """A cell of the chosen path, and the classes that it may show.

    Attributes:
        cell: position among the candidates.
        classes: positions of classes, int (C,).
    """

    cell: int
    classes: np.ndarray


def best_path(
    cells: Sequence[Cell], probabilities: Sequence[np.ndarray | None], kinds: Sequence[np.ndarray]
) -> list[Reading]:
    """Choose the cells that divide a row.

    Args:
        cells: candidates, in the order of their first pieces; see `find_cells`.
        probabilities: float (K,) of each cell; None for one that no network was asked about.
        kinds: positions of the classes that are digits, and of those that are not, of the classes asked for.
    """
    if not cells:
        return []
    scores = [
        features(cells, probabilities, classes) @ weights if len(classes) else np.full(len(cells), -np.inf)
        for classes, weights in zip(kinds, (DIGITS, LETTERS), strict=True)
    ]
    hypotheses = [(scores[0], 0.0), (scores[1], 0.0), (np.maximum(*scores), BOTH)]
    paths = [longest_path(cells, one) for one, _ in hypotheses]
    totals = [float(one[path].sum()) - cost for path, (one, cost) in zip(paths, hypotheses, strict=True)]
    path = paths[int(np.argmax(totals))]
    return [
        Reading(*one) for one in zip(path, _classes([probabilities[cell] for cell in path], kinds), strict=True)
    ]


def _classes(probabilities: Sequence[np.ndarray | None], kinds: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Classes that each cell of a path may show: digits or letters, after Viterbi, with a cost for each change."""
    asked = [kind for kind in kinds if len(kind)]
    if len(asked) == 1:
        return asked * len(probabilities)
    best, choices = np.zeros(2), []
    for row in probabilities:
        stay = best >= best[::-1] - CHANGE
        choices.append(np.where(stay, (0, 1), (1, 0)))  # kind of the cell before, for each kind of this one
        best = np.where(stay, best, best[::-1] - CHANGE)
        if row is not None:
            best = best + np.log([max(float(row[kind].max()), LEAST) for kind in kinds])
    chosen = [int(best.argmax())]
    for choice in choices[:0:-1]:
        chosen.append(int(choice[chosen[-1]]))
    return [kinds[kind] for kind in chosen[::-1]]


def features(cells: Sequence[Cell], probabilities: Sequence[np.ndarray | None], classes: np.ndarray) -> np.ndarray:
    """Features of cells, float (N, len(FEATURES)), for the best of some classes."""
    best = np.array([0.0 if row is None else float(row[classes].max()) for row in probabilities])
    read = np.log(np.stack([np.maximum(best, LEAST), np.maximum(1 - best, CERTAIN)], 1))
    is_sign = np.array([cell.framed.sign is not None for cell in cells])
    return np.hstack([np.where(is_sign[:, None], 0, read), np.stack([cell.shape for cell in cells])])


def longest_path(cells: Sequence[Cell], scores: np.ndarray) -> list[int]:
    """Positions of the cells of the path with the greatest sum of scores, from the first piece to the last."""
    pieces = max(cell.stop for cell in cells)
    best, last = np.full(pieces + 1, -np.inf), np.zeros(pieces + 1, int)
    best[0] = 0
    for number, (cell, score) in enumerate(zip(cells, scores, strict=True)):
        if (total := best[cell.first] + score) > best[cell.stop]:
            best[cell.stop], last[cell.stop] = total, number
    path, place = [], pieces
    while place:
        path.append(int(last[place]))
        place = cells[path[-1]].first
    return path[::-1]
