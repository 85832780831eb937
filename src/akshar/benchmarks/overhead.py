"""What a step of `Trainer.fit` costs over a bare loop, with our logging, history and progress.

Run: `python -m akshar.benchmarks.overhead [--steps N]`. Same tiny net, same batches, same optimizer, in one
process; rounds alternate and the median of the paired differences is printed.
"""

import argparse
import logging
import statistics
import tempfile
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from akshar.commands.fit import fit
from akshar.commands.prepare import Prepared
from akshar.data.images import Dataset, Images
from akshar.data.module import CharacterData
from akshar.memory import keep_freed_memory
from akshar.models.classifier import Classifier
from akshar.runs.interrupts import Interrupts
from akshar.runs.record import RunFolder
from akshar.runs.tensorboard import RunLogger

BATCH = 32
CLASSES = 46
ROUNDS = 5


def main() -> None:
    """Prints the cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    arguments = parser.parse_args()
    keep_freed_memory()  # as `akshar train` does
    logging.basicConfig(level=logging.WARNING)
    bare, lightning = measure(arguments.steps)
    print(f"bare loop    {bare:.3f} ms a step")
    print(f"Trainer.fit  {lightning:.3f} ms a step")
    print(f"overhead     {lightning - bare:.3f} ms a step")


def measure(steps: int) -> tuple[float, float]:
    """Milliseconds a step of the bare loop and of `Trainer.fit`."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    bare, differences = [], []
    for _ in range(ROUNDS):
        loop, fit = time_bare_loop(steps), time_fit(steps)
        bare.append(loop)
        differences.append(fit - loop)
    base = statistics.median(bare)
    return base, base + statistics.median(differences)


def time_bare_loop(steps: int) -> float:
    """Milliseconds a step: batches, forward, backward, step, running sums."""
    data, net = _data(steps), _net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    loss_sum, correct = torch.zeros(()), torch.zeros((), dtype=torch.long)
    start = time.perf_counter()
    for batch in data.train_dataloader():
        images, labels, _ = data.prepare(batch, augmented=True)
        optimizer.zero_grad()
        logits = net(images)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(labels)
        correct += (logits.detach().argmax(1) == labels).sum()
    return (time.perf_counter() - start) * 1000 / steps


def time_fit(steps: int) -> float:
    """Milliseconds a step of the training epoch inside `Trainer.fit`, as `akshar train` sets it up."""
    settings = {
        "monitor": "loss/val",
        "dead_after": 3,
        "callbacks": {},
        "logger": {"csv": True, "tensorboard": True},
        "checkpoint": {"every_n_steps": None, "every_n_minutes": 5},
        "trainer": {
            "_target_": "pytorch_lightning.Trainer",
            "max_epochs": 1,
            "accelerator": "cpu",
            "devices": 1,
            "precision": "32-true",
        },
    }
    clock = _EpochClock(_net(), optimizer=lambda groups: torch.optim.SGD(groups, lr=0.01))
    with tempfile.TemporaryDirectory() as name, Interrupts() as interrupts:
        folder = RunFolder(Path(name))
        folder.make()
        prepared = Prepared(settings, folder, _data(steps), clock, "random")
        fit(prepared, settings, RunLogger.of_fit(folder.path, None), interrupts)
    return clock.seconds * 1000 / steps


class _EpochClock(Classifier):
    """Times from the epoch's first step to its validation."""

    def on_train_epoch_start(self) -> None:
        super().on_train_epoch_start()
        self._start = time.perf_counter()

    def on_validation_start(self) -> None:
        super().on_validation_start()
        self.seconds = time.perf_counter() - self._start


class _Random:
    """A source of random images: `steps` batches to train on after the split."""

    def __init__(self, steps: int):
        self.count = steps * BATCH * 10 // 9 // CLASSES * CLASSES

    def load(self) -> Dataset:
        pixels = torch.randint(0, 256, (self.count, 1, 32, 32), dtype=torch.uint8)
        labels = torch.arange(self.count) % CLASSES
        images = Images(pixels, labels, torch.arange(self.count), tuple(f"class_{i}" for i in range(CLASSES)))
        return Dataset("random", images, None)


def _data(steps: int) -> CharacterData:
    return CharacterData(_Random(steps).load(), batch_size=BATCH)


def _net() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(1024, 16), nn.ReLU(), nn.Linear(16, CLASSES))


if __name__ == "__main__":
    main()
