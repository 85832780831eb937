"""What a step of `Trainer.fit` costs over a bare loop, with our logging, history and progress.

Run: `python -m akshar.benchmarks.step [--steps N]`. The same tiny net, batches and optimizer in one process; they
take turns.
"""

import argparse
import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from akshar.benchmarks.measured import Measured, Told, measure
from akshar.data.augment import Augment
from akshar.data.image_set import ImageSet, TrainTest
from akshar.data.module import ImageDataModule
from akshar.memory import keep_freed_memory
from akshar.models.classifier import Classifier
from akshar.pictures.frame import SIDE
from akshar.runs.run_dir import RunDir
from akshar.runs.tensorboard import RunLogger
from akshar.training.build import precision
from akshar.training.fit import fit
from akshar.training.interrupts import Interrupts
from akshar.training.prepare import Prepared

CLASSES = 46
BARE, LIGHTNING = "bare loop", "Trainer.fit"


def main() -> None:
    """Prints the cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    arguments = parser.parse_args()
    keep_freed_memory()  # as `akshar train` does
    logging.basicConfig(level=logging.WARNING)
    bare, fit = measure_step(tiny_net, arguments.steps).values()
    print(f"bare loop    {bare.median:.3f} ms a step")
    print(f"Trainer.fit  {fit.median:.3f} ms a step")
    print(f"overhead     {overhead(bare, fit):.3f} ms a step")


def overhead(bare: Measured, fit: Measured) -> float:
    """The median difference within a round."""
    return Measured("", bare.unit, tuple(b - a for a, b in zip(bare.values, fit.values, strict=True))).median


def tiny_net() -> nn.Module:
    """So little to reckon that the rest of a step shows."""
    return nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 16), nn.ReLU(), nn.Linear(16, CLASSES))


def measure_step(
    make_net: Callable[[], nn.Module],
    steps: int,
    batch_size: int = 32,
    augment: Augment | None = None,
    rounds: int = 5,
    accelerator: str = "cpu",
    tell: Told = lambda _: None,
) -> dict[str, Measured]:
    """Milliseconds a step of the bare loop and of `Trainer.fit`, both at the precision of `akshar train`."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    trainer = {
        "_target_": "pytorch_lightning.Trainer",
        "max_epochs": 1,
        "accelerator": accelerator,
        "devices": 1,
        "precision": "auto",
    }
    trainer["precision"] = precision({"trainer": trainer})
    data = ImageDataModule(_random_images(steps * batch_size), augment, batch_size=batch_size)
    contenders = {
        BARE: lambda: _time_bare_loop(data, make_net(), trainer, steps),
        LIGHTNING: lambda: _time_fit(data, make_net(), trainer, steps),
    }
    return measure(contenders, "ms a step", rounds, tell)


def _time_bare_loop(data: ImageDataModule, net: nn.Module, trainer: dict[str, object], steps: int) -> float:
    """Milliseconds a step: batches, forward, backward, step, running sums."""
    device = torch.device("cuda" if trainer["accelerator"] != "cpu" and torch.cuda.is_available() else "cpu")
    dtype = {"bf16-mixed": torch.bfloat16}.get(str(trainer["precision"]), torch.float32)
    net = net.to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimizer = _optimizer(list(net.parameters()))
    loss_sum, correct = torch.zeros((), device=device), torch.zeros((), dtype=torch.long, device=device)
    start = time.perf_counter()
    for batch in data.train_dataloader():
        on_device = batch._replace(images=batch.images.to(device), labels=batch.labels.to(device))
        images, labels, _ = data.prepare(on_device, augmented=True)
        optimizer.zero_grad()
        with torch.autocast(device.type, dtype, enabled=dtype is not torch.float32):
            logits = net(images).float()
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(labels)
        correct += (logits.detach().argmax(1) == labels).sum()
    correct.item()  # a GPU is done by now
    return (time.perf_counter() - start) * 1000 / steps


def _time_fit(data: ImageDataModule, net: nn.Module, trainer: dict[str, object], steps: int) -> float:
    """Milliseconds a step of the training epoch inside `Trainer.fit`, as `akshar train` sets it up."""
    settings = {
        "monitor": "loss/val",
        "dead_after": 3,
        "callbacks": {},
        "logger": {"csv": True, "tensorboard": True},
        "checkpoint": {"every_n_steps": None, "every_n_minutes": 5},
        "trainer": trainer,
    }
    net = net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    clock = _EpochClock(net, optimizer=_optimizer)
    with tempfile.TemporaryDirectory() as name, Interrupts() as interrupts:
        folder = RunDir(Path(name))
        folder.make()
        prepared = Prepared(settings, folder, data, clock, "random")
        fit(prepared, settings, RunLogger.of_fit(folder.path, None), interrupts)
    return clock.seconds * 1000 / steps


def _optimizer(parameters: object) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.01)  # pyright: ignore[reportArgumentType]


class _EpochClock(Classifier):
    """Times from the epoch's first step to its validation."""

    def on_train_epoch_start(self) -> None:
        super().on_train_epoch_start()
        self._start = time.perf_counter()

    def on_validation_start(self) -> None:
        self._correct.item()  # a GPU is done by now
        self.seconds = time.perf_counter() - self._start
        super().on_validation_start()


def _random_images(count: int) -> TrainTest:
    """So many random images to train on after the split."""
    count = count * 10 // 9 // CLASSES * CLASSES
    pixels = torch.randint(0, 256, (count, 1, SIDE, SIDE), dtype=torch.uint8)
    labels = torch.arange(count) % CLASSES
    images = ImageSet(pixels, labels, torch.arange(count), tuple(f"class_{i}" for i in range(CLASSES)))
    return TrainTest("random", images, None)


def operations(net: nn.Module) -> int:
    """Floating-point operations of one image forward and backward; a multiplication and an addition are two."""
    with FlopCounterMode(display=False) as counter:
        net(torch.zeros(2, 1, SIDE, SIDE)).sum().backward()
    return counter.get_total_flops() // 2


if __name__ == "__main__":
    main()
