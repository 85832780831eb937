"""Runs held against each other on the same images: whether they can be, all figures, and a row an image."""

import csv
import io
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

import numpy as np

from akshar.errors import UsageError
from akshar.files import printable
from akshar.metrics.intervals import wilson_interval
from akshar.metrics.paired import holm, pair, pair_by_class, verdict
from akshar.runs.predictions import Predictions
from akshar.runs.run_dir import RunDir


def check_comparable(folders: Sequence[RunDir], outcomes: Sequence[Predictions]) -> None:
    """Sees that all runs have answered on the same images, in the same order and among the same classes.

    Raises:
        UsageError: a line for each that differs from the first.
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
        raise UsageError(*problems)


def _describe(folder: RunDir, outcome: Predictions) -> tuple[str, str]:
    """What a run was tested on, for people, and the digest of its data."""
    try:
        data = outcome.result["data"]
        subset, part = data.get("subset") or "all", data.get("part", "test")
        which = subset if part == "test" else f"{subset} (part={part})"
        return printable(f"{which} of {data['source']} ({len(outcome):,} images)"), str(data["digest"])
    except (AttributeError, KeyError, TypeError) as error:
        raise UsageError(f"{folder.result}: does not say what it was tested on") from error


def _some(classes: Sequence[str]) -> str:
    return printable(f"{len(classes)} ({', '.join(classes[:2])}{' ...' if len(classes) > 2 else ''})")


def compare(folders: Sequence[RunDir], outcomes: Sequence[Predictions]) -> dict[str, Any]:
    """All figures, as plain values.

    Args:
        folders: of the runs, the first of which the others are held against.
        outcomes: of the same runs, of the same images.

    Returns:
        `runs`, called A, B, ...; `pairs`, one a later run: counts, `difference` of its accuracy to A's [-1, 1] with
        `interval_95` (Tango; not widened for several runs), `p` (McNemar, exact), `p_holm`, counts `by_class`, and
        a `verdict` in words.
    """
    runs, pairs = [], []
    first, total = outcomes[0], len(outcomes[0])
    for position, (folder, outcome) in enumerate(zip(folders, outcomes, strict=True)):
        correct, model = int(outcome.right.sum()), outcome.result.get("model")
        named = {"run": letter_of_run(position), "name": printable(outcome.name), "folder": str(folder)}
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
        pairs.append({"run": letter_of_run(position), **found.record(), **figures, "by_class": by_class})
    for figures, corrected in zip(pairs, holm([figures["p"] for figures in pairs]), strict=True):
        figures["p_holm"] = corrected
        figures["verdict"] = verdict(figures["only_first"], figures["only_other"], corrected, figures["run"])
    return {"images": _describe(folders[0], first)[0], "runs": runs, "pairs": pairs}


def letter_of_run(position: int) -> str:
    """What a run is called beside others: A, B, ..."""
    return ascii_uppercase[position] if position < len(ascii_uppercase) else str(position + 1)


def as_csv(outcomes: Sequence[Predictions]) -> bytes:
    """A row an image that not all runs answer alike: position, truth, and each answer with its confidence."""
    answers = np.stack([outcome.predicted for outcome in outcomes])
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    letters = [letter_of_run(position) for position in range(len(outcomes))]
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
