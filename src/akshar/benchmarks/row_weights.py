"""Fits the weights of `akshar.reader.row_path` to composed rows: maximum conditional likelihood, L2 penalty.

Run: `python -m akshar.benchmarks.row_weights [MODEL] [--rows 150] [--seed 11]`. Prints the weights for
`akshar/reader/row_weights.py`. Uses the tuning half of the images of `akshar.benchmarks.rows`. A row counts if its
true cells are among the candidates.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from akshar.benchmarks.rows import BORDER, LETTERS, compose
from akshar.benchmarks.written_rows import WrittenRow
from akshar.pictures.line.cells import Cell, find_cells
from akshar.reader.reader import Reader, load
from akshar.reader.row_path import FEATURES, features

PENALTY = 1.0  # of squared weights, of features scaled to a standard deviation of 1


@dataclass(frozen=True)
class Example:
    """The candidates of a row, their features, and the positions of the true cells."""

    cells: list[Cell]
    features: np.ndarray
    truth: list[int]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the weights of digits and of letters."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="robust", help="as `akshar predict` takes it")
    parser.add_argument("--rows", type=int, default=150, help="of each kind")
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args(arguments)
    reader = load(args.model)
    rows = compose("tuning", args.rows, args.seed)
    parts = {"DIGITS": [kind for kind in rows if kind not in LETTERS], "LETTERS": list(LETTERS)}
    for position, (name, kinds) in enumerate(parts.items()):
        found = [_example(reader, row, position) for kind in kinds for row in rows[kind]]
        examples = [example for example in found if example is not None]
        weights, loss = fit(examples)
        print(f"# {len(examples)} of {len(found)} rows, {loss:.4f} nats per row")
        print(f"{name} = np.array(\n    [")
        for feature, weight in zip(FEATURES, weights, strict=True):
            print(f"        {weight:.3f},  # {feature}")
        print("    ]\n)", flush=True)


def fit(examples: Sequence[Example]) -> tuple[np.ndarray, float]:
    """Weights float (F,), and the mean loss in nats per row."""
    spread = np.maximum(np.vstack([example.features for example in examples]).std(axis=0), 0.01)

    def loss(scaled: np.ndarray) -> tuple[float, np.ndarray]:
        weights, total, slope = scaled / spread, PENALTY / 2 * float(scaled @ scaled), PENALTY * scaled
        for example in examples:
            scores = example.features @ weights
            logarithm, shares = path_shares(example.cells, scores)
            total += logarithm - float(scores[example.truth].sum())
            slope = slope + (shares @ example.features - example.features[example.truth].sum(axis=0)) / spread
        return total, slope

    best = minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return best.x / spread, float(best.fun) / len(examples)


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
    probabilities = reader.classify([cell.framed for cell in cells])
    return Example(cells, features(cells, probabilities, reader.kinds()[kind]), truth)


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
