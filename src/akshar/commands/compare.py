"""`akshar compare RUN_A RUN_B ...`: runs on the same test images, image by image.

Each later run is held against the first: difference in accuracy, McNemar's test, and who gets what. It is about
these networks as they are; how far other seeds would scatter, `akshar train -m sweep=seeds` says.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from akshar.devanagari.letters import DEVANAGARI
from akshar.errors import AksharError, UsageError
from akshar.files import atomic_file, printable, write_atomic, write_json
from akshar.report.comparison import as_csv, check_comparable, compare, letter_of_run
from akshar.runs.predictions import Predictions, read_predictions
from akshar.runs.run_dir import RunDir, new_run_name

CLASSES_SHOWN = 8
SOURCES = tuple(f"akshar.data.{name}" for name in ("dhcd.DHCD", "broad.Broad", "folder.Folder", "glyphs.Glyphs"))
UNPIPED = 160  # columns where the output goes to a file or another program


def main(arguments: Sequence[str]) -> int:
    """Runs the verb.

    Args:
        arguments: what follows `akshar compare`.

    Returns:
        The exit code: 0, whatever the comparison says.
    """
    asked = _parser().parse_args(arguments)
    folders = _distinct(asked.runs)
    outcomes = [read_predictions(folder.path) for folder in folders]
    check_comparable(folders, outcomes)
    out = Path(asked.out) if asked.out else Path("outputs", "compare", new_run_name())
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: is a file; name a folder")
    compared = compare(folders, outcomes)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "compare.json", compared)
    write_atomic(out / "compare.csv", as_csv(outcomes))
    _print(compared)
    print(_draw(outcomes, out / "compare.png"))
    print(f"every figure {RunDir(out)}/compare.json, every image on which they differ in compare.csv")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="akshar compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help="folders of runs of `train` or `test`")
    parser.add_argument("--out", metavar="FOLDER", help="where the results go (outputs/compare/<date and time>)")
    return parser


def _distinct(named: Sequence[str]) -> list[RunDir]:
    if len(named) < 2:
        raise UsageError(
            f"compare: at least two runs are needed, {'only ' + named[0] if named else 'none'} is named"
        )
    places: dict[Path, str] = {}
    for name in named:
        place = Path(name).expanduser().resolve()
        if place in places:
            raise UsageError(f"{places[place]} and {name}: are the same run")
        places[place] = name
    return [RunDir(Path(name).expanduser()) for name in named]


def _print(compared: dict[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else UNPIPED, highlight=False)
    console.print(escape(compared["images"]) + "\n")
    rows = [
        [
            *(run[key] for key in ("run", "name", "folder")),
            f"{100 * run['accuracy']:.2f}",
            _interval(run, "{:.2f}"),
            "" if run["parameters"] is None else f"{run['parameters']:,}",
        ]
        for run in compared["runs"]
    ]
    _table(console, ["run", "name", "folder", "test accuracy %", "95 % interval", "parameters"], rows, left=3)
    several = len(compared["pairs"]) > 1
    for found in compared["pairs"]:
        run = found["run"]
        corrected = [f"{found['p_holm']:.2g}"] if several else []
        heads = ["", "points", "95 % interval", "only A", f"only {run}", "both wrong", "McNemar p"]
        counts = [f"{found[key]:,}" for key in ("only_first", "only_other", "both_wrong")]
        points = f"{100 * found['difference']:+.2f}"
        row = [f"{run} less A", points, _interval(found, "{:+.2f}"), *counts, f"{found['p']:.2g}", *corrected]
        _table(console, heads + ["after Holm"] * several, [row], left=1)
        console.print(found["verdict"] + "\n")
        most = sorted(found["by_class"], key=_unlike)[:CLASSES_SHOWN]
        rows = [
            [DEVANAGARI.label(row["class"]), printable(row["class"])]  # card: from the data
            + [f"{row[key]:,}" for key in ("total", "first_right", "other_right", "only_first", "only_other")]
            for row in most
            if row["only_first"] + row["only_other"]
        ]
        if rows:
            heads = ["", "class", "images", "A right", f"{run} right", "only A", f"only {run}"]
            _table(console, heads, rows, left=2)


def _unlike(row: dict[str, Any]) -> tuple[int, int]:
    return -abs(row["only_first"] - row["only_other"]), -row["only_first"] - row["only_other"]


def _interval(figures: dict[str, Any], form: str) -> str:
    return " to ".join(form.format(100 * bound) for bound in figures["interval_95"])


def _table(console: Console, heads: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for position, head in enumerate(heads):
        table.add_column(head, justify="left" if position < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)
    console.print()


def _draw(outcomes: Sequence[Predictions], path: Path) -> str:
    """Draws the sheet, if the images can be had, and says so in a line."""
    from akshar.plots.paired import Answers, draw_pairs

    path.unlink(missing_ok=True)  # of an earlier comparison, which would pass for this one's
    answers = [
        Answers(f"{letter_of_run(position)}, {printable(outcome.name)}", outcome.predicted, outcome.right)
        for position, outcome in enumerate(outcomes)
    ]
    try:
        pixels = _pixels(outcomes[0])
    except (AksharError, OSError) as error:
        return f"no sheet of images: {printable(error)}"
    first, card = outcomes[0], DEVANAGARI  # card: from the data
    sheet = draw_pairs(pixels, first.labels, first.classes, card, answers[0], answers[1:])
    if sheet is None:
        return "no sheet of images: there is none that only one gets"
    with atomic_file(path) as file:
        sheet.save(file, "PNG")
    return f"images that only one gets: {RunDir(path)}"


def _pixels(outcome: Predictions) -> np.ndarray:
    """The images that a run was tested on: uint8 (N, 32, 32).

    Raises:
        AksharError: they cannot be had, or are no longer the same.
    """
    from akshar.training.build import dataset_of  # which loads torch

    result = outcome.result
    try:
        source = result["config"]["data"]["source"]
        # A result may come from elsewhere: only our own readers are built from it, and with plain arguments.
        if source["_target_"] not in SOURCES or any(isinstance(value, dict | list) for value in source.values()):
            raise UsageError(f"{printable(source['_target_'])} is none of our own data sources")
    except (KeyError, TypeError) as error:
        raise UsageError("the result does not say where its images come from") from error
    dataset = dataset_of(result["config"])
    if dataset.digest() != result["data"]["digest"]:
        raise UsageError("the data has changed since the runs were tested")
    part = result["data"].get("part", "test")
    parts = [dataset.train] * (part != "test") + [dataset.test] * (part != "train")
    return np.concatenate([images.pixels.numpy()[:, 0] for images in parts if images is not None])
