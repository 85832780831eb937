"""Rehearses a run: its main path with few steps, in a temporary folder; time, memory and disk follow from that."""

import logging
import math
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from pytorch_lightning.callbacks import EarlyStopping

from akshar.config.schema import TrainConfig
from akshar.memory import keep_freed_memory, peak_memory
from akshar.models.classifier import planned_steps
from akshar.models.parameters import count_parameters
from akshar.runs.run_dir import RunDir
from akshar.training.callbacks.checkpointing import check_disk_space
from akshar.training.callbacks.progress import training_seconds
from akshar.training.callbacks.rehearsal import Rehearsal
from akshar.training.interrupts import Interrupts
from akshar.training.job import quiet_libraries
from akshar.training.run import train_and_test
from akshar.training.setup import Setup, check_devices, set_up
from akshar.training.shortened import shorten

UNKNOWN = 1000  # batches of an epoch where the loader does not say
POINT = 60  # bytes of one point of a curve in an event file


@dataclass(frozen=True)
class Estimate:
    """What a run will take.

    Attributes:
        start: seconds before the first step, and by which the first steps are slower.
        training: seconds of all epochs.
        finish: seconds after the last epoch.
        epochs: number of them, the last of which may be cut by `max_steps`.
        memory: most resident memory, bytes; None where the system does not say.
        gpu_memory: most memory of tensors on a GPU, bytes; None without one.
        disk: bytes in the run's folder at the end.
        room: bytes that are needed on the disk meanwhile.
        facts: what was rehearsed: title -> one line.
        notes: what the figures leave out, one line each.
    """

    start: float
    training: float
    finish: float
    epochs: int
    memory: int | None
    gpu_memory: int | None
    disk: int
    room: int
    facts: dict[str, str]
    notes: list[str]

    @property
    def seconds(self) -> float:
        """Seconds of the whole run."""
        return self.start + self.training + self.finish


def rehearse(config: TrainConfig, began: float) -> Estimate:
    """Rehearse a run on one device, in a temporary folder that is removed.

    Args:
        config: valid.
        began: when the command did, by `time.perf_counter`.

    Raises:
        AksharError: what would end the run: data and config do not fit together, or a part fails.
    """
    keep_freed_memory()
    quiet_libraries()
    with tempfile.TemporaryDirectory(prefix="akshar-") as folder, _quiet(), Interrupts() as interrupts:
        run_dir = RunDir(Path(folder))
        run_dir.make()
        setup = set_up(config, run_dir, resume_from=None)
        check_devices(setup.data, setup.hardware)
        check_disk_space(run_dir, setup.model.network)
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        short, tested = shorten(setup)
        clock = Rehearsal()
        train_and_test(short, interrupts, (clock,))
        return _estimate(setup, short, clock, tested(), began)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide what a few steps and images would give a wrong picture of."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def _estimate(setup: Setup, short: Setup, clock: Rehearsal, tested: int | None, began: float) -> Estimate:
    """Extrapolate what was measured; called before the folder is removed."""
    config, trainer, run_dir = setup.config, clock.trainer, setup.run_dir
    notes = []
    batches = trainer.num_training_batches
    assert trainer.max_epochs is not None
    if math.isinf(batches):
        batches = UNKNOWN
        notes.append(f"time: of epochs of {batches:,} batches, because the training loader has no length")
    steps = planned_steps(trainer, int(batches))
    in_all = steps * trainer.accumulate_grad_batches
    epochs = math.ceil(in_all / batches)

    # Images of validation and test that were left out
    val = max(0, (setup.summary.val or clock.images) - clock.images)
    evaluated = [(val, clock.images)] if setup.model.classifier is not None else []
    if config.test and setup.can_test:
        seen = short.summary.test or clock.images
        evaluated.append((max(0, (tested or seen) - seen), seen))
    gap = clock.gap + val * clock.image
    training = training_seconds(in_all, batches, clock.batch, gap)
    if clock.limit is not None and clock.limit < training:
        epochs = math.ceil(clock.limit / training * epochs)
        notes.append(f"time: trainer.max_time ends training in epoch {epochs}")
        training = clock.limit
    if 0 < trainer.max_steps == steps:
        notes.append(f"time: trainer.max_steps={steps} ends training in epoch {epochs}")
    if any(isinstance(callback, EarlyStopping) for callback in trainer.callbacks):  # pyright: ignore[reportAttributeAccessIssue]
        notes.append("time: at most, because early stopping may end training sooner")
    finish = time.perf_counter() - clock.ended + sum(left for left, _ in evaluated) * clock.image

    # Files: checkpoints, of which there are three while one is written, and those that grow with epochs and images
    checkpoint = run_dir.best.stat().st_size
    others = sum(path.stat().st_size for path in run_dir.path.rglob("*") if path.is_file())
    others -= sum(path.stat().st_size for path in run_dir.checkpoints.glob("*.ckpt"))
    every = config.trainer.log_every_n_steps or 50
    points = (epochs - 1) * len(trainer.callback_metrics) + 2 * steps // every
    others += points * POINT * (1 + len(short.config.logger))
    for name, (left, seen) in zip(("val", "test"), evaluated, strict=False):
        file = run_dir.predictions / f"{name}.npz"
        others += file.stat().st_size * left // seen if file.exists() else 0
    kept = 1 if config.checkpoint.keep == "best" else 2

    memory, workers = peak_memory(), clock.workers
    devices = setup.hardware.world_size
    if devices > 1:
        notes.append(f"time and memory: of one device with whole batches; the run divides them among {devices}")
    if skipped := [name for name, part in config.logger.items() if part and name not in short.config.logger]:
        notes.append(f"not rehearsed: logger {', '.join(skipped)}")
    return Estimate(
        start=clock.began - began + clock.warm_up,
        training=training,
        finish=finish,
        epochs=epochs,
        memory=None if memory is None else memory + workers,
        gpu_memory=torch.cuda.max_memory_allocated() if trainer.strategy.root_device.type == "cuda" else None,
        disk=kept * checkpoint + others,
        room=3 * checkpoint + others,
        facts=_facts(setup, tested, str(trainer.strategy.root_device)),
        notes=notes,
    )


def _facts(setup: Setup, tested: int | None, device: str) -> dict[str, str]:
    data, model = setup.summary, setup.model
    counts = ((data.train, "train"), (data.val, "val"), (data.test if data.test is not None else tested, "test"))
    known = [f"{count:,} {part}" for count, part in counts if count is not None]
    return {
        "data": f"{data.card.name}: {', '.join(known)}",
        "model": f"{model.name}, {count_parameters(model.network):,} parameters",
        "device": f"{device}, {setup.hardware.precision}",
    }
