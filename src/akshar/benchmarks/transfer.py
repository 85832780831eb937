"""Accuracy of a trained model on DHCD's test set, whatever it was trained on.

Run: `python -m akshar.benchmarks.transfer RUN`, with a run's folder or a checkpoint of the 46 classes. The digits
are evaluated twice: with answers among all 46 classes, and with answers restricted to the ten digits.
"""

import argparse

import torch
from torch import Tensor

from akshar.data.image_set import ImageSet
from akshar.devanagari.dhcd import DHCD
from akshar.devanagari.letters import SUBSETS
from akshar.metrics.intervals import wilson_interval
from akshar.runs.load_checkpoint import TrainedNetwork, load_checkpoint

BATCH = 1024


def main() -> None:
    """Print three accuracies with their 95 % Wilson intervals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a run's folder or a checkpoint")
    arguments = parser.parse_args()
    test = DHCD().load().test
    assert test is not None
    for name, right in measure(load_checkpoint(arguments.model), test).items():
        correct, total = int(right.sum()), len(right)
        low, high = (100 * bound for bound in wilson_interval(correct, total))
        print(f"{name:<24}{100 * correct / total:6.2f} %  ({correct:,} of {total:,}; {low:.2f} to {high:.2f} %)")


def measure(model: TrainedNetwork, images: ImageSet) -> dict[str, Tensor]:
    """Which images are classified correctly, by evaluation: bool (N,) each."""
    classes = model.classes
    images = images.of_classes(classes)
    logits = torch.cat([model.logits(batch) for batch in images.pixels.split(BATCH)])
    digit_labels = [classes.index(character.folder) for character in SUBSETS["digits"]]
    is_digit = torch.isin(images.labels, torch.tensor(digit_labels))
    right = logits.argmax(1) == images.labels
    among_digits = torch.tensor(digit_labels)[logits[:, digit_labels].argmax(1)]
    return {
        f"{len(classes)} classes": right,
        f"digits among {len(classes)}": right[is_digit],
        "digits among ten": (among_digits == images.labels)[is_digit],
    }


if __name__ == "__main__":
    main()
