"""`akshar compare RUN_A RUN_B ...`: runs on the same test images, image by image.

Each later run is held against the first: difference in accuracy, McNemar's test, and who gets what. It is about
these networks as they are; how far other seeds would scatter, `akshar train -m sweep=seeds` says.
"""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from akshar.characters import letter_of
from akshar.errors import AksharError, BadRequest
from akshar.files import printable, whole_file, write_json, write_whole
from akshar.report.outcome import Outcome, read_outcome
from akshar.report.paired import holm, pair, pair_by_class, verdict
from akshar.runs.record import RunFolder, new_run_name

CLASSES_SHOWN = 8
SOURCES = ("akshar.data.dhcd.DHCD", "akshar.data.folder.Folder", "akshar.data.glyphs.Glyphs")
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
    outcomes = [read_outcome(folder.path) for folder in folders]
    check_comparable(folders, outcomes)
    out = Path(asked.out) if asked.out else Path("outputs", "compare", new_run_name())
    if out.exists() and not out.is_dir():
        raise BadRequest(f"--out {out}: is a file; name a folder")
    compared = compare(folders, outcomes)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "compare.json", compared)
    write_whole(out / "compare.csv", _as_csv(outcomes))
    _print(compared)
    print(_draw(outcomes, out / "compare.png"))
    print(f"every figure {RunFolder(out)}/compare.json, every image on which they differ in compare.csv")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="akshar compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help="folders of runs of `train` or `test`")
    parser.add_argument("--out", metavar="FOLDER", help="where the results go (outputs/compare/<date and time>)")
    return parser


def _distinct(named: Sequence[str]) -> list[RunFolder]:
    if len(named) < 2:
        raise BadRequest(
            f"compare: at least two runs are needed, {'only ' + named[0] if named else 'none'} is named"
        )
    places: dict[Path, str] = {}
    for name in named:
        place = Path(name).expanduser().resolve()
        if place in places:
            raise BadRequest(f"{places[place]} and {name}: are the same run")
        places[place] = name
    return [RunFolder(Path(name).expanduser()) for name in named]


def check_comparable(folders: Sequence[RunFolder], outcomes: Sequence[Outcome]) -> None:
    """Sees that all runs have answered on the same images, in the same order and among the same classes.

    Raises:
        BadRequest: a line for each that differs from the first.
    """
    problems = []
    described = [_describe(folder, outcome) for folder, outcome in zip(folders, outcomes, strict=True)]
    first, (what, digest) = outcomes[0], described[0]
    for folder, other, (other_what, other_digest) in zip(folders[1:], outcomes[1:], described[1:], strict=True):
        if what != other_what:
            why = f"read different test images: {what} and {other_what}"
        elif digest != other_digest:
            why = f"both read {what}, but of data that differ ({digest[:12]} and {other_digest[:12]})"
        elif first.classes != other.classes:
            why = f"answer among different classes: {_some(first.classes)} and {_some(other.classes)}"
        elif not np.array_equal(first.labels, other.labels):
            why = f"both read {what}, but their labels differ"
        else:
            continue
        problems.append(f"{folders[0]} and {folder}: {why}")
    if problems:
        raise BadRequest(*problems)


def _describe(folder: RunFolder, outcome: Outcome) -> tuple[str, str]:
    """What a run was tested on, for people, and the digest of its data."""
    try:
        data = outcome.result["data"]
        subset, part = data.get("subset") or "all", data.get("part", "test")
        which = subset if part == "test" else f"{subset} (part={part})"
        return printable(f"{which} of {data['source']} ({len(outcome):,} images)"), str(data["digest"])
    except (AttributeError, KeyError, TypeError) as error:
        raise BadRequest(f"{folder.result}: does not say what it was tested on") from error


def _some(classes: Sequence[str]) -> str:
    return printable(f"{len(classes)} ({', '.join(classes[:2])}{' ...' if len(classes) > 2 else ''})")


def compare(folders: Sequence[RunFolder], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """All figures, as plain values.

    Args:
        folders: of the runs, the first of which the others are held against.
        outcomes: of the same runs, of the same images.

    Returns:
        `runs`, called A, B, ...; `pairs`, one a later run: counts, `difference` of its accuracy to A's [-1, 1] with
        `interval_95` (Tango; not widened for several runs), `p` (McNemar, exact), `p_holm`, counts `by_class`, and
        a `verdict` in words.
    """
    from akshar.models.metrics import wilson_interval  # which loads torch

    runs, pairs = [], []
    first, total = outcomes[0], len(outcomes[0])
    for position, (folder, outcome) in enumerate(zip(folders, outcomes, strict=True)):
        correct, model = int(outcome.right.sum()), outcome.result.get("model")
        named = {"run": _letter(position), "name": printable(outcome.name), "folder": str(folder)}
        figures = {"correct": correct, "total": total, "accuracy": correct / total}
        figures["interval_95"] = list(wilson_interval(correct, total))
        figures["parameters"] = model.get("parameters") if isinstance(model, dict) else None
        runs.append(named | figures)
    for position, other in enumerate(outcomes[1:], start=1):
        found = pair(first.right, other.right)
        figures = {"difference": found.difference, "interval_95": list(found.interval_95), "p": found.p}
        by_class = [
            {"class": first.classes[label], **of_class.record()}
            for label, of_class in pair_by_class(first.right, other.right, first.labels).items()
        ]
        pairs.append({"run": _letter(position), **found.record(), **figures, "by_class": by_class})
    for figures, corrected in zip(pairs, holm([figures["p"] for figures in pairs]), strict=True):
        figures["p_holm"] = corrected
        figures["verdict"] = verdict(figures["only_first"], figures["only_other"], corrected, figures["run"])
    return {"images": _describe(folders[0], first)[0], "runs": runs, "pairs": pairs}


def _letter(position: int) -> str:
    return ascii_uppercase[position] if position < len(ascii_uppercase) else str(position + 1)


def _as_csv(outcomes: Sequence[Outcome]) -> bytes:
    """A row an image that not all runs answer alike: position, truth, and each answer with its confidence."""
    answers = np.stack([outcome.predicted for outcome in outcomes])
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    letters = [_letter(position) for position in range(len(outcomes))]
    writer.writerow(
        ["index", "truth", *(f"{key}_{run}" for run in letters for key in ("prediction", "confidence"))]
    )
    classes, labels = outcomes[0].classes, outcomes[0].labels
    for index in np.flatnonzero((answers != answers[0]).any(0)).tolist():
        cells: list[Any] = [index, classes[labels[index]]]
        for outcome in outcomes:
            answer = outcome.predicted[index]
            cells += [classes[answer], f"{outcome.probabilities[index, answer]:.9g}"]
        writer.writerow(cells)
    return text.getvalue().encode()


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
            [letter_of(row["class"]), printable(row["class"])]
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


def _draw(outcomes: Sequence[Outcome], path: Path) -> str:
    """Draws the sheet, if the images can be had, and says so in a line."""
    from akshar.figures.paired import Reader, draw_pairs

    path.unlink(missing_ok=True)  # of an earlier comparison, which would pass for this one's
    readers = [
        Reader(f"{_letter(position)}, {printable(outcome.name)}", outcome.predicted, outcome.right)
        for position, outcome in enumerate(outcomes)
    ]
    try:
        pixels = _pixels(outcomes[0])
    except (AksharError, OSError) as error:
        return f"no sheet of images: {printable(error)}"
    sheet = draw_pairs(pixels, outcomes[0].labels, outcomes[0].classes, readers[0], readers[1:])
    if sheet is None:
        return "no sheet of images: there is none that only one gets"
    with whole_file(path) as file:
        sheet.save(file, "PNG")
    return f"images that only one gets: {RunFolder(path)}"


def _pixels(outcome: Outcome) -> np.ndarray:
    """The images that a run was tested on: uint8 (N, 32, 32).

    Raises:
        AksharError: they cannot be had, or are no longer the same.
    """
    from akshar.commands.build import dataset_of  # which loads torch

    result = outcome.result
    try:
        source = result["config"]["data"]["source"]
        # A result may come from elsewhere: only our own readers are built from it, and with plain arguments.
        if source["_target_"] not in SOURCES or any(isinstance(value, dict | list) for value in source.values()):
            raise BadRequest(f"{printable(source['_target_'])} is none of our own data sources")
    except (KeyError, TypeError) as error:
        raise BadRequest("the result does not say where its images come from") from error
    dataset = dataset_of(result["config"])
    if dataset.digest() != result["data"]["digest"]:
        raise BadRequest("the data has changed since the runs were tested")
    part = result["data"].get("part", "test")
    parts = [dataset.train] * (part != "test") + [dataset.test] * (part != "train")
    return np.concatenate([images.pixels.numpy()[:, 0] for images in parts if images is not None])
