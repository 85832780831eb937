"""Fits the weights of `akshar.reader.row_path` to composed rows: maximum conditional likelihood, L2 penalty.

Run: `python -m akshar.benchmarks.row_weights [MODEL] [--rows 150] [--seed 11] [--letters]`. Prints the weights for
`akshar/reader/row_weights.py`. Uses the tuning half of the images of `akshar.benchmarks.rows`. A row counts if its
true cells are among the candidates.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from akshar.benchmarks.rows import BORDER, HOUSES, LETTERS, VOWEL_ROWS, compose
from akshar.benchmarks.written_rows import WrittenRow
from akshar.pictures.line.cells import Cell, find_cells
from akshar.reader import row_weights
from akshar.reader.reader import Reader, load
from akshar.reader.row_path import FEATURES, features

PENALTY = 1.0  # of squared weights, of features scaled to a standard deviation of 1


@dataclass(frozen=True)
class Example:
    """A row's candidates, their features as digits and as letters, the true kind, and the truth's positions."""

    cells: list[Cell]
    features: tuple[np.ndarray, np.ndarray]
    kind: int
    truth: list[int]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the weights of digits and of letters."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="letters58", help="as `akshar predict` takes it")
    parser.add_argument("--rows", type=int, default=150, help="of each kind")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--letters", action="store_true", help="fit the weights of letters alone")
    args = parser.parse_args(arguments)
    reader = load(args.model)
    rows = compose("tuning", args.rows, args.seed)
    found = [
        _example(reader, row, int(name in LETTERS | VOWEL_ROWS))
        for name, some in rows.items()
        if name not in HOUSES
        for row in some
    ]
    examples = [example for example in found if example is not None]
    weights, loss = fit(examples, args.letters)
    print(f"# {len(examples)} of {len(found)} rows, {loss:.4f} nats per row")
    for name, part in zip(("DIGITS", "LETTERS"), weights, strict=True):
        print(f"{name} = np.array(\n    [")
        for feature, weight in zip(FEATURES, part, strict=True):
            print(f"        {weight:.3f},  # {feature}")
        print("    ]\n)", flush=True)


def fit(examples: Sequence[Example], letters_alone: bool) -> tuple[np.ndarray, float]:
    """Weights float (2, F) for digits and letters, and the mean loss in nats per row; both kinds count equally.

    Args:
        examples: rows of both kinds.
        letters_alone: whether the weights of digits stay as they are.
    """
    spread = np.maximum(np.vstack([one for example in examples for one in example.features]).std(axis=0), 0.01)
    counts = np.bincount([example.kind for example in examples], minlength=2)

    def loss(scaled: np.ndarray) -> tuple[float, np.ndarray]:
        weights = scaled.reshape(2, -1) / spread
        total, slope = PENALTY / 2 * float(scaled @ scaled), PENALTY * scaled.reshape(2, -1)
        for example in examples:
            share = len(examples) / 2 / counts[example.kind]
            scores = [one @ part for one, part in zip(example.features, weights, strict=True)]
            sums = [path_shares(example.cells, one) for one in scores]
            every = np.logaddexp(sums[0][0], sums[1][0])
            total += share * (every - float(scores[example.kind][example.truth].sum()))
            for kind, ((logarithm, shares), one) in enumerate(zip(sums, example.features, strict=True)):
                slope[kind] += share * np.exp(logarithm - every) * (shares @ one) / spread
            slope[example.kind] -= share * example.features[example.kind][example.truth].sum(axis=0) / spread
        if letters_alone:
            slope[0] = 0
        return total, slope.ravel()

    start = (np.stack([row_weights.DIGITS, row_weights.LETTERS]) * spread).ravel()
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 150})
    return best.x.reshape(2, -1) / spread, float(best.fun) / len(examples)


def path_shares(cells: Sequence[Cell], scores: np.ndarray) -> tuple[float, np.ndarray]:
    """Sum over all paths by the forward-backward algorithm.

    Returns:
        Logarithm of the sum of exp(score) of all paths, and the probability (N,) that a path uses each cell.
    """
    pieces = max(cell.stop for cell in cells)
    before, after = np.full(pieces + 1, -np.inf), np.full(pieces + 1, -np.inf)
    before[0] = after[pieces] = 0
    for cell, score in zip(cells, scores, strict=True):
        before[cell.stop] = np.logaddexp(before[cell.stop], before[cell.first] + score)
    for cell, score in zip(cells[::-1], scores[::-1], strict=True):
        after[cell.first] = np.logaddexp(after[cell.first], after[cell.stop] + score)
    first, stop = (np.array([getattr(cell, side) for cell in cells]) for side in ("first", "stop"))
    return float(before[pieces]), np.exp(np.minimum(before[first] + scores + after[stop] - before[pieces], 0))


def _example(reader: Reader, row: WrittenRow, kind: int) -> Example | None:
    """None if no path has the true cells."""
    cells = find_cells(row.picture.astype(np.float32) / 255, reader.predictor.input_spec)
    truth = _true_path(cells, row)
    if truth is None:
        return None
    probabilities = reader.look_once([cell.framed for cell in cells])
    digits, letters = (features(cells, probabilities, classes) for classes in reader.kinds(reader.choose(None)))
    return Example(cells, (digits, letters), kind, truth)


def _true_path(cells: Sequence[Cell], row: WrittenRow) -> list[int] | None:
    """The path with as many cells as characters, each close to its character, with the least distance in all."""
    far = BORDER * row.height
    paths: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}  # by the number of pieces used
    for box in row.boxes:
        longer: dict[int, tuple[float, list[int]]] = {}
        for number, cell in enumerate(cells):
            if cell.first not in paths or cell.framed.box is None:
                continue
            sides = [abs(cell.framed.box[side] - box[side]) for side in (0, 2)]
            distance = paths[cell.first][0] + sum(sides)
            if max(sides) <= far and (cell.stop not in longer or distance < longer[cell.stop][0]):
                longer[cell.stop] = distance, [*paths[cell.first][1], number]
        paths = longer
    end = max((cell.stop for cell in cells), default=0)
    return paths[end][1] if end in paths else None


if __name__ == "__main__":
    main()
