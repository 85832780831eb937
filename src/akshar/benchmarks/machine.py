"""All that is measured of a machine, a section each."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from akshar.benchmarks.accuracy import TARGETS, train_once, training_images, tutorial_epoch
from akshar.benchmarks.inference import measure_inference
from akshar.benchmarks.measured import Measured, Told
from akshar.benchmarks.pipeline import OURS, measure_pipeline
from akshar.benchmarks.roofline import measure_roofline
from akshar.benchmarks.step import BARE, LIGHTNING, measure_step, operations
from akshar.data.augment import Augment
from akshar.errors import DataError
from akshar.models.compact import Compact

CLASSES = 46
BATCH = 128
TIMED_STEPS = 150  # of the tutorial's 2,200


@dataclass(frozen=True)
class Section:
    """What belongs together.

    Attributes:
        title: a line.
        figures: in the order in which they are shown.
        notes: a line each.
    """

    title: str
    figures: dict[str, Measured]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds, and seconds each contender has in a round."""

    rounds: int
    seconds: float
    steps: int
    images: int
    compiled: bool


QUICK = Effort(rounds=3, seconds=0.15, steps=12, images=1380, compiled=False)
FULL = Effort(rounds=5, seconds=1.0, steps=60, images=9200, compiled=True)


def measure_machine(quick: bool, tell: Told) -> Iterator[Section]:
    """Measures, a section after the other.

    Args:
        quick: under a minute on 2 cores, without what takes long; otherwise under ten.
        tell: called with what is being measured.
    """
    effort = QUICK if quick else FULL
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    roofline = measure_roofline(device, effort.seconds, effort.rounds, tell)
    yield Section("the machine at its best", roofline)
    yield _pipeline(effort, tell)
    yield _step(effort, device, roofline, tell)
    figures, notes = measure_inference(
        Compact(CLASSES), device, effort.seconds / 2, effort.rounds, effort.compiled, tell
    )
    for title, measured in figures.items():
        yield Section(f"answers of `compact`, {title} at a time", measured, notes if title == "one image" else [])
    yield _accuracy(quick, tell)


def _pipeline(effort: Effort, tell: Told) -> Section:
    measured = measure_pipeline(effort.images, BATCH, effort.seconds, effort.rounds, tell)
    notes = [
        f"{OURS}: {measured[OURS].times(figure):.1f} times {name}"
        for name, figure in measured.items()
        if name != OURS
    ]
    return Section(f"input pipeline, augmented, batches of {BATCH}", measured, notes)


def _step(effort: Effort, device: torch.device, roofline: dict[str, Measured], tell: Told) -> Section:
    augment = Augment(rotation=10, translation=0.06, scale=(0.9, 1.1), shear=8)
    measured = measure_step(
        lambda: Compact(CLASSES), effort.steps, BATCH, augment, effort.rounds, device.type, tell
    )
    lost = 1 - 1 / measured[LIGHTNING].times(measured[BARE])
    reached = operations(Compact(CLASSES)) * BATCH / measured[BARE].median / 1e6  # GFLOP/s
    best = max(figure.median for figure in roofline.values() if figure.unit == "GFLOP/s")
    notes = [
        f"share of a step that is lost to Lightning, logging and progress: {lost:.1%}",
        f"bare loop: {reached:,.0f} GFLOP/s, {reached / best:.0%} of the best matrix product",
    ]
    return Section(f"training step of `compact`, batches of {BATCH}", measured, notes)


def _accuracy(quick: bool, tell: Told) -> Section:
    """Time to accuracy: on DHCD beside the tutorial's loop, or quickly, or where DHCD cannot be had, on glyphs."""
    if quick:
        return _accuracy_on_glyphs("the real thing, DHCD's 46 classes, is in `akshar bench` without --quick", tell)
    try:
        images = training_images()
    except DataError as error:
        return _accuracy_on_glyphs(f"DHCD cannot be had: {error}", tell)
    figures = {}
    for experiment in TARGETS:
        tell(f"training experiment={experiment}")
        runs = [train_once([f"experiment={experiment}", f"seed={seed}"]) for seed in (1, 2, 3)]
        name = f"{experiment}, to {statistics.mean(run.accuracy for run in runs):.2%}"
        figures[name] = Measured(name, "s", tuple(run.seconds for run in runs))
    tell("the tutorial's loop")
    epoch = tutorial_epoch(images, TIMED_STEPS)
    notes = [f"{name}: {epoch / figure.median:.0f} times faster than that" for name, figure in figures.items()]
    notes.insert(0, f"the tutorial's epoch is reckoned from {TIMED_STEPS} of its steps")
    figures["first epoch of the tutorial's loop"] = Measured("tutorial", "s", (epoch,))
    return Section("time to accuracy on held-out images of DHCD", figures, notes)


def _accuracy_on_glyphs(note: str, tell: Told) -> Section:
    tell("training experiment=fast on drawn glyphs")
    run = train_once(["experiment=fast", "data=glyphs", "data.train_per_class=400", "data.test_per_class=100"])
    figures = {f"fast, to {run.accuracy:.2%}": Measured("fast", "s", (run.seconds,))}
    return Section("time to accuracy on held-out drawn glyphs", figures, [note])
