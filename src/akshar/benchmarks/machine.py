"""Everything that `akshar bench` measures of a machine, in sections, each within a time budget."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch

from akshar.benchmarks.accuracy import (
    TARGETS,
    TrainingTimeout,
    train_once,
    training_images,
    tutorial_epoch,
)
from akshar.benchmarks.inference import measure_inference
from akshar.benchmarks.measured import Measured, OnProgress, rate
from akshar.benchmarks.pipeline import OURS as PIPELINE
from akshar.benchmarks.pipeline import measure_pipeline
from akshar.benchmarks.roofline import measure_roofline, wait
from akshar.benchmarks.step import BARE, OURS, measure_step, operations
from akshar.data.augment import Augment
from akshar.devanagari.cards import INPUT_SPEC
from akshar.errors import DataError
from akshar.models.compact import Compact

CLASSES = 46
BATCH = 128
TUTORIAL_STEPS = 150  # timed steps of the tutorial's 2,200
GLYPHS_PER_CLASS = 50
GLYPH_SECONDS = 5.0  # of training on them
FAST_STEP = 1.5  # an image's cost in `fast`, relative to `compact`


@dataclass(frozen=True)
class Section:
    """Figures that are shown together.

    Attributes:
        title: one line.
        figures: by name, in the order in which they are shown.
        notes: one line each.
    """

    title: str
    figures: dict[str, Measured]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes:
        rounds: the most rounds of a comparison.
        seconds: the shortest time of one turn.
        steps: the most training steps of one turn.
        images: images of the input pipeline's epoch.
        compiled: whether to measure torch.compile.
        roofline_s, pipeline_s, step_s, inference_s, accuracy_s: budget of each comparison, seconds.
    """

    rounds: int
    seconds: float
    steps: int
    images: int
    compiled: bool
    roofline_s: float
    pipeline_s: float
    step_s: float
    inference_s: float
    accuracy_s: float


QUICK = Effort(3, 0.15, 12, 920, False, 5, 4, 5, 2, 20)
FULL = Effort(5, 1.0, 60, 9200, True, 30, 60, 60, 30, 180)
QUICK_S = 42.0  # of all sections, without the start of Python


def measure_machine(quick: bool, on_progress: OnProgress) -> Iterator[Section]:
    """Measure section after section.

    Args:
        quick: within a minute, without DHCD and torch.compile; otherwise within ten minutes.
        on_progress: called with what is being measured.
    """
    effort = QUICK if quick else FULL
    start = time.perf_counter()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    roofline = measure_roofline(device, effort.seconds, effort.rounds, on_progress, effort.roofline_s)
    yield Section("limits of the machine", roofline)
    yield _pipeline(effort, on_progress)
    steps = _steps(effort, device, on_progress)
    yield Section(f"training step of `compact`, batches of {BATCH}", steps, _step_notes(steps, roofline))
    figures, notes = measure_inference(
        Compact(CLASSES, in_channels=1),
        device,
        effort.seconds / 2,
        effort.rounds,
        effort.compiled,
        on_progress,
        effort.inference_s,
    )
    for title, measured in figures.items():
        yield Section(f"answers of `compact`, {title} at a time", measured, notes if title == "one image" else [])
    left_s = QUICK_S - (time.perf_counter() - start)
    accuracy_s = max(5.0, min(effort.accuracy_s, left_s)) if quick else effort.accuracy_s
    yield _accuracy(quick, accuracy_s, steps[OURS], on_progress)


def _pipeline(effort: Effort, on_progress: OnProgress) -> Section:
    measured = measure_pipeline(effort.images, BATCH, effort.seconds, effort.rounds, on_progress, effort.pipeline_s)
    notes = [
        f"{PIPELINE}: {measured[PIPELINE].times(figure):.1f} times {name}"
        for name, figure in measured.items()
        if name != PIPELINE
    ]
    return Section(f"input pipeline, augmented, batches of {BATCH}", measured, notes)


def _steps(effort: Effort, device: torch.device, on_progress: OnProgress) -> dict[str, Measured]:
    augment = Augment(rotation=10, translation=0.06, scale=(0.9, 1.1), shear=8)
    turns = 3 * (effort.rounds + 1)
    affordable = int(effort.step_s / turns / _step_seconds(device))
    return measure_step(
        lambda: Compact(CLASSES, in_channels=1),
        max(2, min(effort.steps, affordable)),
        BATCH,
        augment,
        effort.rounds,
        device.type,
        on_progress,
        effort.step_s,
    )


def _step_seconds(device: torch.device) -> float:
    """A rough duration of a step: forward and backward of one batch in float32, after a first one."""
    net = Compact(CLASSES, in_channels=1).to(device)
    images = torch.rand(BATCH, 1, INPUT_SPEC.height, INPUT_SPEC.width, device=device)

    def work() -> int:
        net(images).sum().backward()
        wait(device)
        return 1

    work()
    return 1 / rate(work, 0)


def _step_notes(steps: Mapping[str, Measured], roofline: Mapping[str, Measured]) -> list[str]:
    lost = 1 - 1 / steps[OURS].times(steps[BARE])
    reached = operations(Compact(CLASSES, in_channels=1)) * BATCH / steps[BARE].median / 1e6  # GFLOP/s
    best = max(figure.median for figure in roofline.values() if figure.unit == "GFLOP/s")
    return [
        f"share of a step spent in Lightning, logging and progress: {lost:.1%}",
        f"bare loop: {reached:,.0f} GFLOP/s, {reached / best:.0%} of the best matrix product",
    ]


def _accuracy(quick: bool, budget_s: float, step: Measured, on_progress: OnProgress) -> Section:
    """Time to accuracy: on DHCD beside the tutorial's loop; with `quick`, or without DHCD, on drawn glyphs."""
    if quick:
        return _accuracy_on_glyphs("`akshar bench` without --quick trains on DHCD", budget_s, step, on_progress)
    try:
        images = training_images()
    except DataError as error:
        return _accuracy_on_glyphs(f"DHCD is not available: {error}", budget_s, step, on_progress)
    figures: dict[str, Measured] = {}
    notes = []
    on_progress("the tutorial's loop")
    epoch = tutorial_epoch(images, TUTORIAL_STEPS)
    for experiment in TARGETS:
        on_progress(f"training experiment={experiment}")
        try:
            figure = _runs([f"experiment={experiment}"], experiment, budget_s)
        except TrainingTimeout as error:
            notes.append(f"{experiment}: {error}")
            continue
        figures[figure.name] = figure
        notes.append(f"{figure.name}: {epoch / figure.median:.0f} times faster than the tutorial's first epoch")
    figures["first epoch of the tutorial's loop"] = Measured("tutorial", "s", (epoch,))
    notes.append(f"the tutorial's epoch is extrapolated from {TUTORIAL_STEPS} of its steps")
    return Section("time to accuracy on held-out images of DHCD", figures, notes)


def _runs(words: list[str], name: str, budget_s: float) -> Measured:
    """Seconds of training with seeds 1 to 3, as far as the budget allows, named with the mean accuracy."""
    start = time.perf_counter()
    runs = []
    for seed in (1, 2, 3):
        runs.append(train_once([*words, f"seed={seed}"], budget_s))
        spent = time.perf_counter() - start
        if spent * (seed + 1) / seed > budget_s:
            break
    accuracy = sum(run.accuracy for run in runs) / len(runs)
    return Measured(f"{name}, to {accuracy:.2%}", "s", tuple(run.seconds for run in runs))


def _accuracy_on_glyphs(note: str, limit_s: float, step: Measured, on_progress: OnProgress) -> Section:
    """Train `experiment=fast` on few glyphs, with as many epochs as fit in `GLYPH_SECONDS`, at most ten."""
    on_progress("training experiment=fast on drawn glyphs")
    images = GLYPHS_PER_CLASS * CLASSES
    epochs = max(1, min(10, round(GLYPH_SECONDS * 1000 / (step.median * images / BATCH * FAST_STEP))))
    words = [
        "experiment=fast",
        "data=glyphs",
        f"data.train_per_class={GLYPHS_PER_CLASS}",
        f"data.test_per_class={GLYPHS_PER_CLASS // 10}",
        f"trainer.max_epochs={epochs}",
        "trainer.limit_train_batches=1.0",
    ]
    notes = [
        f"{images:,} images, {epochs} epoch{'s' if epochs > 1 else ''} (what this machine has time for); {note}"
    ]
    figures: dict[str, Measured] = {}
    try:
        run = train_once(words, limit_s)
        figures[f"fast, to {run.accuracy:.2%}"] = Measured("fast", "s", (run.seconds,))
    except TrainingTimeout as error:
        notes.append(str(error))
    return Section("time to accuracy on held-out drawn glyphs", figures, notes)
