"""Output of a comparison: tables on the console, every disagreement as CSV, and a sheet of images."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from akshar.data.card import DatasetCard
from akshar.errors import AksharError
from akshar.files import printable, write_json
from akshar.metrics.paired import Pair
from akshar.report.comparison import ComparedPair, Comparison, run_letter
from akshar.runs.predictions import Predictions
from akshar.runs.run_dir import RunDir
from akshar.tables import Column, print_table, write_csv

MAX_CLASSES = 8  # classes in the table of a pair: those with the largest difference


def write_comparison(
    comparison: Comparison, predictions: Sequence[Predictions], out: Path, trust: Sequence[str] = ()
) -> str:
    """Write `compare.json`, `compare.csv` and, if the images can be loaded, `compare.png`.

    Args:
        comparison: of the runs.
        predictions: of the same runs.
        out: folder, created if missing.
        trust: packages with data sets of the user's own.

    Returns:
        A line about the sheet of images: where it is, or why there is none.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "compare.json", comparison.to_record())
    answers = [f"{column}_{run.run}" for run in comparison.runs for column in ("prediction", "confidence")]
    write_csv(out / "compare.csv", ["index", "truth", *answers], disagreements(predictions))
    return _draw(predictions, out / "compare.png", trust)


def disagreements(predictions: Sequence[Predictions]) -> Iterator[list[object]]:
    """Rows for the images on which the runs differ: position, truth, and each prediction with its confidence."""
    predicted = np.stack([of_run.predicted for of_run in predictions])
    classes, labels = predictions[0].classes, predictions[0].labels
    for index in np.flatnonzero((predicted != predicted[0]).any(0)).tolist():
        row: list[object] = [index, classes[labels[index]]]
        for of_run in predictions:
            answer = of_run.predicted[index]
            row += [classes[answer], f"{of_run.probabilities[index, answer]:.9g}"]
        yield row


def print_comparison(comparison: Comparison, card: DatasetCard) -> None:
    """Print the runs, each pair with its verdict, and the classes in which the pair differs most."""
    print(f"{comparison.images}\n")
    columns = [Column("run"), Column("name"), Column("folder")]
    columns += [Column(title, right=True) for title in ("test accuracy %", "95 % interval", "parameters")]
    rows = [
        [
            run.run,
            run.name,
            run.folder,
            f"{100 * run.accuracy:.2f}",
            _interval(run.interval_95, ".2f"),
            f"{run.parameters:,}",
        ]
        for run in comparison.runs
    ]
    print_table(columns, rows)
    print()
    if comparison.config:
        values = [[key, *map(_text, of_runs)] for key, of_runs in comparison.config.items()]
        print_table([Column("config"), *(Column(run.run) for run in comparison.runs)], values)
        print()
    for pair in comparison.pairs:
        _print_pair(pair, len(comparison.pairs) > 1)
        _print_classes(pair, card)


def _text(value: Any) -> str:
    """Write a value of a config as in YAML; null also stands for a key that a config does not have."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _print_pair(pair: ComparedPair, adjusted: bool) -> None:
    titles = ["difference, points", "95 % interval", "only A", f"only {pair.run}", "both wrong", "McNemar p"]
    counts = pair.counts
    row = [f"{pair.run} - A", f"{100 * counts.difference:+.2f}", _interval(counts.interval_95, "+.2f")]
    row += [f"{count:,}" for count in (counts.only_first, counts.only_other, counts.both_wrong)]
    row.append(f"{counts.p:.2g}")
    if adjusted:
        titles.append("after Holm")
        row.append(f"{pair.p_holm:.2g}")
    print_table([Column(""), *(Column(title, right=True) for title in titles)], [row])
    print(f"\n{pair.verdict}\n")


def _print_classes(pair: ComparedPair, card: DatasetCard) -> None:
    """Print the classes with the largest difference, if there is any."""

    def difference(item: tuple[str, Pair]) -> tuple[int, int]:
        counts = item[1]
        return abs(counts.only_first - counts.only_other), counts.only_first + counts.only_other

    most = sorted(pair.by_class.items(), key=difference, reverse=True)[:MAX_CLASSES]
    rows = []
    for name, counts in most:
        if counts.only_first + counts.only_other:
            right = counts.both_right + counts.only_first, counts.both_right + counts.only_other
            numbers = (counts.total, *right, counts.only_first, counts.only_other)
            rows.append([card.label(name), name, *(f"{number:,}" for number in numbers)])
    if rows:
        titles = ["images", "A right", f"{pair.run} right", "only A", f"only {pair.run}"]
        print_table([Column(""), Column("class"), *(Column(title, right=True) for title in titles)], rows)
        print()


def _interval(bounds: tuple[float, float], form: str) -> str:
    return " to ".join(f"{100 * bound:{form}}" for bound in bounds)


def _draw(predictions: Sequence[Predictions], path: Path, trust: Sequence[str]) -> str:
    """Draw the images that only one of two runs predicts correctly; return a line about it."""
    from akshar.plots.paired import Answers, draw_pairs  # imported late: loads matplotlib
    from akshar.plots.save import save_picture

    path.unlink(missing_ok=True)  # of an earlier comparison in the same folder
    answers = [
        Answers(f"{run_letter(position)}, {printable(of_run.name)}", of_run.predicted, of_run.correct)
        for position, of_run in enumerate(predictions)
    ]
    first, card = predictions[0], predictions[0].card
    try:
        pictures = _tested_pictures(first, trust)
    except (AksharError, OSError) as error:
        return f"no sheet of images: {printable(error)}"
    sheet = draw_pairs(pictures, first.labels, first.classes, card, answers[0], answers[1:])
    if sheet is None:
        return "no sheet of images: all runs predict the same images correctly"
    save_picture(sheet, path)
    return f"images that only one run predicts correctly: {RunDir(path)}"


def _tested_pictures(predictions: Predictions, trust: Sequence[str]) -> np.ndarray:
    """Load the images that a run was tested on: uint8 (N, H, W), or (N, H, W, 3) in colour.

    Raises:
        AksharError: the images cannot be loaded, or have changed.
    """
    from akshar.runs.load_data import load_tested_data  # imported late: loads torch

    data = load_tested_data("the first run", predictions.result, trust)
    part = predictions.result.data.part
    parts = [data.train] * (part != "test") + [data.test] * (part != "train")
    arrays = [images.pixels.numpy() for images in parts if images is not None]
    pixels = np.concatenate(arrays) if len(arrays) > 1 else arrays[0]
    return pixels[:, 0] if pixels.shape[1] == 1 else np.moveaxis(pixels, 1, 3)
