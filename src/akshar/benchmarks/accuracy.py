"""Seconds of training to an accuracy on held-out images, beside the first epoch of the tutorial's loop.

Run: `python -m akshar.benchmarks.accuracy [--seeds 10]`: `akshar train experiment=fast` and `experiment=fast98` on
DHCD's 46 classes, and the tutorial's loop over the same training images (its network, ImageFolder, RandomAffine,
batches of 32, SGD), one after the other on one machine.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from akshar.benchmarks.pipeline import AFFINE, write_folder
from akshar.data.image_set import ImageSet
from akshar.data.splits import split_images
from akshar.devanagari.dhcd import DHCD
from akshar.models.tutorial import Tutorial

TARGETS = {"fast98": 0.98, "fast": 0.99}


class TrainingTimeout(Exception):
    """A training was ended because it took longer than its time limit."""


@dataclass(frozen=True)
class Reached:
    """One run of `akshar train`.

    Attributes:
        seconds: from the first step to the last validation.
        images: images seen in training.
        accuracy: accuracy of the best epoch on the validation images, [0, 1].
    """

    seconds: float
    images: int
    accuracy: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Print every run, the means, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument(
        "--steps", type=int, help="timed steps of the tutorial's epoch, from which the whole is extrapolated"
    )
    args = parser.parse_args(arguments)
    images = training_images()
    epoch = tutorial_epoch(images, args.steps)
    print(f"the tutorial's loop: {epoch:.1f} s for its first epoch of {len(images):,} images")
    for experiment, target in TARGETS.items():
        runs = []
        for seed in range(1, args.seeds + 1):
            runs.append(train_once([f"experiment={experiment}", f"seed={seed}"]))
            print(f"{experiment} seed {seed}: {runs[-1].accuracy:.2%} in {runs[-1].seconds:.2f} s")
        seconds = [run.seconds for run in runs]
        reached = sum(run.accuracy >= target for run in runs)
        spread = statistics.stdev(seconds) if len(seconds) > 1 else 0.0
        mean = statistics.mean(seconds)
        print(
            f"{experiment}: {target:.0%} reached by {reached} of {len(runs)}, "
            f"{statistics.mean(run.accuracy for run in runs):.2%} on average; {mean:.2f} ± {spread:.2f} s, "
            f"{runs[0].images:,} images; {epoch / mean:.1f} times faster than the tutorial's first epoch"
        )


def training_images() -> ImageSet:
    """The nine tenths of DHCD's training images that `akshar train` trains on.

    Raises:
        DataError: DHCD is not available.
    """
    train = DHCD().load().train
    assert train is not None
    chosen = split_images(train, val_fraction=0.1, method="random", seed=1).train
    return ImageSet(train.pixels[chosen], train.labels[chosen], chosen, train.classes)


def train_once(words: Sequence[str], limit_s: float | None = None) -> Reached:
    """Run `akshar train` in a subprocess, without the test.

    Raises:
        TrainingTimeout: it took longer than `limit_s` seconds, its start included.
        RuntimeError: it failed; the message holds what it printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "akshar", "train", *words, "test=false", "hydra.run.dir=run"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            raise TrainingTimeout(f"training was ended after {limit_s:.0f} s, before it was finished") from error
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
        result = json.loads((Path(folder) / "run" / "result.json").read_text(encoding="utf-8"))
    fit = result["fit"]
    return Reached(fit["seconds"], round(fit["seconds"] * fit["images_per_second"]), result["best"]["val_accuracy"])


def tutorial_epoch(images: ImageSet, steps: int | None = None) -> float:
    """Seconds of the first epoch of the tutorial's loop, without its validation.

    Args:
        images: the training images.
        steps: number of steps to time, from which the epoch is extrapolated; None for all.
    """
    normalise = transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    steps_of_image = transforms.Compose([transforms.RandomAffine(**AFFINE), transforms.ToTensor(), normalise])
    with tempfile.TemporaryDirectory() as folder:
        write_folder(images, Path(folder))
        batches = DataLoader(ImageFolder(folder, steps_of_image), batch_size=32, shuffle=True)
        net = Tutorial(len(images.classes), in_channels=3, image_size=images.pixels.shape[2:])
        optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
        start = time.perf_counter()
        done = 0
        for pixels, labels in batches:
            optimizer.zero_grad()
            F.cross_entropy(net(pixels), labels).backward()
            optimizer.step()
            done += 1
            if done == steps:
                break
        return (time.perf_counter() - start) * len(batches) / done


if __name__ == "__main__":
    main()
