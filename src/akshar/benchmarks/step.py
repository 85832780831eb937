"""What a step of `Trainer.fit` costs, beside a bare loop and beside Lightning's Trainer with nothing of ours.

Run: `python -m akshar.benchmarks.step [--steps N]`. The same tiny net, batches and optimizer in one process; the
three take turns.
"""

import argparse
import logging
import math
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from akshar.benchmarks.measured import Measured, OnProgress, measure, no_progress
from akshar.config.compose import compose, composing
from akshar.config.schema import TrainConfig
from akshar.data.augment import Augment
from akshar.data.batch import Examples
from akshar.data.card import DatasetCard
from akshar.data.image_set import ImageSet, TrainTest
from akshar.data.module import ImageDataModule
from akshar.data.summary import summarise
from akshar.devanagari.cards import INPUT_SPEC
from akshar.memory import keep_freed_memory
from akshar.models.classifier import Classifier
from akshar.runs.provenance import Facts
from akshar.runs.run_dir import RunDir
from akshar.runs.tensorboard import RunLogger
from akshar.training.fit import fit
from akshar.training.hardware import Hardware, resolve_precision
from akshar.training.interrupts import Interrupts
from akshar.training.job import quiet_libraries
from akshar.training.model import Model
from akshar.training.parts import bare_trainer
from akshar.training.setup import Setup

HEIGHT, WIDTH = INPUT_SPEC.height, INPUT_SPEC.width

CLASSES = 46
FACTS = Facts(
    name="step", config_hash="", precision="", data_digest="", split_digest="", init_digest=None
)  # of no run
BARE, PLAIN, OURS = "bare loop", "Lightning alone", "akshar train"


def main() -> None:
    """Print the milliseconds of a step and what akshar adds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    args = parser.parse_args()
    keep_freed_memory()  # as `akshar train` does
    quiet_libraries()
    measured = measure_step(tiny_net, args.steps)
    for name, figure in measured.items():
        print(f"{name:16}{figure.median:.3f} ms a step")
    for name in (BARE, PLAIN):
        added = overhead(measured[name], measured[OURS])
        print(f"akshar train takes {added:.3f} ms, {measured[OURS].times(measured[name]) - 1:.0%} more than {name}")


def overhead(reference: Measured, other: Measured) -> float:
    """The median of the differences within each round, other minus reference."""
    pairs = zip(reference.values, other.values, strict=True)
    return Measured("", reference.unit, tuple(slow - fast for fast, slow in pairs)).median


def tiny_net() -> nn.Module:
    """A net so small that everything else in a step shows."""
    return nn.Sequential(nn.Flatten(), nn.Linear(HEIGHT * WIDTH, 16), nn.ReLU(), nn.Linear(16, CLASSES))


def measure_step(
    make_net: Callable[[], nn.Module],
    steps: int,
    batch_size: int = 32,
    augment: Augment | None = None,
    rounds: int = 5,
    accelerator: str = "cpu",
    on_progress: OnProgress = no_progress,
    budget_s: float = math.inf,
) -> dict[str, Measured]:
    """Milliseconds per step of the three ways, all at the precision of `akshar train`.

    Args:
        make_net: returns a new net, float (B, 1, 32, 32) -> logits (B, 46).
        steps: steps of one turn, which is one epoch.
        batch_size: images per step.
        augment: applied to every training batch, or None.
        rounds: number of rounds.
        accelerator: as Lightning's Trainer takes it.
        on_progress: called with what is being measured.
        budget_s: seconds for all of it, see `measure`.
    """
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    hardware = Hardware(accelerator, devices=1, precision=resolve_precision("auto", accelerator))
    data = ImageDataModule(random_images(steps * batch_size), augment, batch_size=batch_size)
    contenders = {
        BARE: lambda: _time_bare_loop(data, make_net(), hardware) / steps,
        PLAIN: lambda: _time_plain_trainer(data, make_net(), hardware) / steps,
        OURS: lambda: _time_our_fit(data, make_net(), hardware) / steps,
    }
    return measure(contenders, "ms a step", rounds, on_progress, budget_s)


def _time_bare_loop(data: ImageDataModule, net: nn.Module, hardware: Hardware) -> float:
    """Milliseconds of an epoch: batches, forward, backward, optimizer step, running sums."""
    device = torch.device("cuda" if hardware.accelerator != "cpu" and torch.cuda.is_available() else "cpu")
    dtype = {"bf16-mixed": torch.bfloat16}.get(hardware.precision, torch.float32)
    net = net.to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimizer = _optimizer(list(net.parameters()))
    loss_sum, correct = torch.zeros((), device=device), torch.zeros((), dtype=torch.long, device=device)
    start = time.perf_counter()
    for batch in data.train_dataloader():
        on_device = batch._replace(images=batch.images.to(device), labels=batch.labels.to(device))
        images, labels = data.prepare(on_device, augmented=True)
        optimizer.zero_grad()
        with torch.autocast(device.type, dtype, enabled=dtype is not torch.float32):
            logits = net(images).float()
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(labels)
        correct += (logits.detach().argmax(1) == labels).sum()
    correct.item()  # a GPU has finished by now
    return (time.perf_counter() - start) * 1000


def _time_plain_trainer(data: ImageDataModule, net: nn.Module, hardware: Hardware) -> float:
    """Milliseconds of an epoch of Lightning's Trainer without callbacks, logger, metrics or validation."""
    module = _PlainModule(net.to(memory_format=torch.channels_last))  # pyright: ignore[reportCallIssue]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bare_trainer(hardware, max_epochs=1, limit_val_batches=0).fit(module, datamodule=data)
    return module.milliseconds


def _time_our_fit(data: ImageDataModule, net: nn.Module, hardware: Hardware) -> float:
    """Milliseconds of the training epoch inside `Trainer.fit`, as `akshar train` sets it up."""
    with composing("train"):
        words = ["data=glyphs", "trainer.max_epochs=1", f"trainer.accelerator={hardware.accelerator}"]
        config = compose("train", words, TrainConfig).config
    net = net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    module = _TimedClassifier(net, optimizer=_optimizer)
    with tempfile.TemporaryDirectory() as name, Interrupts() as interrupts:
        run_dir = RunDir(Path(name))
        run_dir.make()
        setup = Setup(config, run_dir, hardware, data, summarise(data), Model(config.model, module, module), FACTS)
        fit(setup, [RunLogger(str(run_dir.path))], interrupts)
    return module.milliseconds


def _optimizer(parameters: object) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.01)  # pyright: ignore[reportArgumentType]


class _PlainModule(pl.LightningModule):
    """The least that Lightning trains, timed from the epoch's first step to its last."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net
        self.milliseconds = 0.0

    def training_step(self, batch: Examples, batch_idx: int) -> Tensor:
        self._loss = F.cross_entropy(self.net(batch.images).float(), batch.labels)
        return self._loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return _optimizer(self.parameters())

    def on_train_epoch_start(self) -> None:
        self._start = time.perf_counter()

    def on_train_epoch_end(self) -> None:
        self._loss.item()  # a GPU has finished by now
        self.milliseconds = (time.perf_counter() - self._start) * 1000


class _TimedClassifier(Classifier):
    """A `Classifier` timed from the epoch's first step to its validation."""

    milliseconds = 0.0

    def on_train_epoch_start(self) -> None:
        super().on_train_epoch_start()
        self._start = time.perf_counter()

    def on_validation_start(self) -> None:
        self._correct.item()  # a GPU has finished by now
        self.milliseconds = (time.perf_counter() - self._start) * 1000
        super().on_validation_start()


def random_images(count: int) -> TrainTest:
    """A set of random images of which about `count` are left to train on after the split."""
    count = count * 10 // 9 // CLASSES * CLASSES
    pixels = torch.randint(0, 256, (count, *INPUT_SPEC.shape), dtype=torch.uint8)
    labels = torch.arange(count) % CLASSES
    images = ImageSet(pixels, labels, torch.arange(count), tuple(f"class_{i}" for i in range(CLASSES)))
    return TrainTest(DatasetCard("random", "random images"), INPUT_SPEC, images, None)


def operations(net: nn.Module) -> int:
    """Floating-point operations of one image forward and backward; a multiply-add counts as two."""
    with FlopCounterMode(display=False) as counter:
        net(torch.zeros(2, *INPUT_SPEC.shape)).sum().backward()
    return counter.get_total_flops() // 2


if __name__ == "__main__":
    main()
