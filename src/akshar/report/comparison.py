"""Comparison of runs on the same test images: whether they are comparable, and every number about them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from string import ascii_uppercase
from typing import Any

import numpy as np

from akshar.config.keys import differing_keys
from akshar.errors import UsageError
from akshar.files import printable
from akshar.metrics.intervals import wilson_interval
from akshar.metrics.paired import Pair, holm, pair, pair_by_class, verdict
from akshar.runs.predictions import Predictions
from akshar.runs.run_dir import RunDir


@dataclass(frozen=True)
class ComparedRun:
    """One of the runs.

    Attributes:
        run: its letter in the comparison: A, B, ...
        name: of the run.
        folder: of the run.
        correct, total: number of images.
        accuracy: correct / total, [0, 1].
        interval_95: Wilson interval of the accuracy.
        parameters: of the network.
    """

    run: str
    name: str
    folder: str
    correct: int
    total: int
    accuracy: float
    interval_95: tuple[float, float]
    parameters: int


@dataclass(frozen=True)
class ComparedPair:
    """A run compared with run A.

    Attributes:
        run: letter of the run.
        counts: on all images; with the difference in accuracy, its interval and the p-value.
        by_class: class name -> counts on the images of that class.
        p_holm: p-value adjusted for the number of runs.
        verdict: the result in one sentence.
    """

    run: str
    counts: Pair
    by_class: dict[str, Pair]
    p_holm: float
    verdict: str

    def to_record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        counts = self.counts
        return {
            "run": self.run,
            **counts.record(),
            "difference": counts.difference,
            "interval_95": counts.interval_95,
            "p": counts.p,
            "by_class": [{"class": name, **of_class.record()} for name, of_class in self.by_class.items()],
            "p_holm": self.p_holm,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class Comparison:
    """Runs on the same images.

    Attributes:
        images: what the runs were tested on, for people.
        runs: in the order in which they were named; the first is A.
        pairs: each later run compared with A.
        config: dotted key -> value in each run, of the keys in which their configs differ; empty where a training
            is compared with a test, whose config has other keys.
    """

    images: str
    runs: list[ComparedRun]
    pairs: list[ComparedPair]
    config: dict[str, tuple[Any, ...]]

    def to_record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "images": self.images,
            "runs": [asdict(run) for run in self.runs],
            "pairs": [pair.to_record() for pair in self.pairs],
            "config": [
                {"key": key} | {run.run: value for run, value in zip(self.runs, values, strict=True)}
                for key, values in self.config.items()
            ],
        }


def compare(run_dirs: Sequence[RunDir], predictions: Sequence[Predictions]) -> Comparison:
    """Compare each later run with the first.

    Args:
        run_dirs: folders of at least two runs.
        predictions: of the same runs.

    Raises:
        UsageError: lists every run that was not tested on the same images as the first.
    """
    _check_comparable(run_dirs, predictions)
    first = predictions[0]
    runs = []
    for position, (run_dir, other) in enumerate(zip(run_dirs, predictions, strict=True)):
        correct, total = int(other.correct.sum()), len(other)
        runs.append(
            ComparedRun(
                run=run_letter(position),
                name=printable(other.name),
                folder=str(run_dir),
                correct=correct,
                total=total,
                accuracy=correct / total,
                interval_95=wilson_interval(correct, total),
                parameters=other.result.model.parameters,
            )
        )
    counts = [pair(first.correct, other.correct) for other in predictions[1:]]
    pairs = []
    for position, p_holm in enumerate(holm([of_pair.p for of_pair in counts])):
        letter, of_pair = run_letter(position + 1), counts[position]
        by_class = pair_by_class(first.correct, predictions[position + 1].correct, first.labels)
        pairs.append(
            ComparedPair(
                run=letter,
                counts=of_pair,
                by_class={first.classes[label]: of_class for label, of_class in by_class.items()},
                p_holm=p_holm,
                verdict=verdict(of_pair.only_first, of_pair.only_other, p_holm, letter),
            )
        )
    of_one_kind = len({of_run.result.fit is None for of_run in predictions}) == 1
    config = differing_keys([of_run.result.config for of_run in predictions]) if of_one_kind else {}
    return Comparison(_tested_on(first)[0], runs, pairs, config)


def run_letter(position: int) -> str:
    """Short name of a run in a comparison: A, B, ..., Z, 27, ..."""
    return ascii_uppercase[position] if position < len(ascii_uppercase) else str(position + 1)


def _check_comparable(run_dirs: Sequence[RunDir], predictions: Sequence[Predictions]) -> None:
    """Raise a UsageError unless all runs predict the same images, in the same order, among the same classes."""
    first, (first_images, first_digest) = predictions[0], _tested_on(predictions[0])
    problems = []
    for run_dir, other in zip(run_dirs[1:], predictions[1:], strict=True):
        images, digest = _tested_on(other)
        if images != first_images:
            reason = f"tested on different images: {first_images} and {images}"
        elif digest != first_digest and None not in (digest, first_digest):
            reason = (
                f"both tested on {images}, but the data differs ({str(first_digest)[:12]} and {str(digest)[:12]})"
            )
        elif first.classes != other.classes:
            reason = f"the classes differ: {_abbreviate(first.classes)} and {_abbreviate(other.classes)}"
        elif not np.array_equal(first.labels, other.labels):
            reason = f"both tested on {images}, but the labels differ"
        else:
            continue
        problems.append(f"{run_dirs[0]} and {run_dir}: {reason}")
    if problems:
        raise UsageError(*problems)


def _tested_on(predictions: Predictions) -> tuple[str, str | None]:
    """The images that a run was tested on, for people, and the digest of the data; None where it is unknown."""
    data = predictions.result.data
    subset = data.subset or "all"
    which = subset if data.part == "test" else f"{subset} (part={data.part})"
    return printable(f"{which} of {data.source} ({len(predictions):,} images)"), data.digest


def _abbreviate(classes: Sequence[str]) -> str:
    return printable(f"{len(classes)} ({', '.join(classes[:2])}{' ...' if len(classes) > 2 else ''})")
