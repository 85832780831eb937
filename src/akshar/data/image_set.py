"""Labelled images in memory, and the normalisation of their pixels."""

import hashlib
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from akshar.data.card import DatasetCard
from akshar.errors import UsageError
from akshar.pictures.input_spec import InputSpec

EVALUATED, EVALUATED_VALUES = 1024, 1 << 22  # images, and values of their channels, at once


@dataclass(frozen=True)
class ImageSet:
    """Images of one size with labels.

    Attributes:
        pixels: uint8 [0, 255] (N, C, H, W); may be mapped from a file, and must not be written to.
        labels: int64 [0, len(classes)) (N,).
        numbers: int64 (N,), the number in each image's file name, or else its position in its class; `split=blocks`
            takes neighbours to come from the same source, e.g. one writer.
        classes: names in label order.
        files: path of each image below the data's folder; empty where images are not single files.
    """

    pixels: Tensor
    labels: Tensor
    numbers: Tensor
    classes: tuple[str, ...]
    files: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def digest(self) -> str:
        """Sha256 over pixels, labels, numbers and class names; independent of where the images lie."""
        digest = hashlib.sha256("\n".join(self.classes).encode())
        digest.update(self.labels.numpy().tobytes())
        digest.update(self.numbers.numpy().tobytes())
        digest.update(self.pixels.numpy().data)
        return digest.hexdigest()

    def of_classes(self, classes: Sequence[str]) -> "ImageSet":
        """Select the images of some classes, labelled by their position in `classes`."""
        missing = [name for name in classes if name not in self.classes]
        if missing:
            raise UsageError(f"data: has no class {', '.join(missing)}; its classes are {', '.join(self.classes)}")
        if tuple(classes) == self.classes:
            return self
        new_label = torch.full((len(self.classes),), -1)
        for label, name in enumerate(classes):
            new_label[self.classes.index(name)] = label
        labels = new_label[self.labels]
        kept = labels >= 0
        return replace(self.part(kept), labels=labels[kept], classes=tuple(classes))

    def part(self, chosen: Tensor) -> "ImageSet":
        """Select images by a bool (N,) mask or by int64 positions."""
        positions = chosen.nonzero().flatten() if chosen.dtype == torch.bool else chosen
        files = tuple(self.files[position] for position in positions.tolist()) if self.files else ()
        return ImageSet(self.pixels[chosen], self.labels[chosen], self.numbers[chosen], self.classes, files)

    def name_of(self, position: int) -> str:
        """Name an image by its file, or else by its class and number."""
        if self.files:
            return self.files[position]
        return f"{self.classes[int(self.labels[position])]}/{int(self.numbers[position])}"


@dataclass(frozen=True)
class TrainTest:
    """Training and test images of a data set; one part may be None, not both.

    Attributes:
        card: facts about the data set.
        input_spec: how its images were prepared, and are to be normalised.
        train: images to train and validate on.
        test: images to test on.
        val_positions: int64, positions in `train` of the validation images; None where a split chooses them.
        changes: what was done to the pictures to fit the spec, in one line; empty where nothing was.
    """

    card: DatasetCard
    input_spec: InputSpec
    train: ImageSet | None
    test: ImageSet | None
    val_positions: Tensor | None = None
    changes: str = ""

    @property
    def name(self) -> str:
        """Short name in results."""
        return self.card.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in label order, the same in both parts."""
        part = self.train if self.train is not None else self.test
        assert part is not None
        return part.classes

    def digest(self) -> str:
        """Sha256 over both parts."""
        parts = [part.digest() if part is not None else "-" for part in (self.train, self.test)]
        return hashlib.sha256("".join(parts).encode()).hexdigest()


def to_unit(pixels: Tensor) -> Tensor:
    """Convert uint8 [0, 255] to float32 [0, 1]."""
    return pixels.float().mul_(1 / 255)


def normalise(images: Tensor, spec: InputSpec) -> Tensor:
    """Normalise float [0, 1] images (N, C, H, W): (x - mean) / std."""
    mean, std = (_per_channel(values, images) for values in (spec.mean, spec.std))
    return (images * (1 / std)).sub_(mean / std)


def denormalise(images: Tensor, spec: InputSpec) -> Tensor:
    """Invert `normalise`: back to float [0, 1]."""
    return images * _per_channel(spec.std, images) + _per_channel(spec.mean, images)


def _per_channel(values: float | tuple[float, ...], images: Tensor) -> Any:
    """A number that holds for all channels, or a tensor (C, 1, 1) of one for each."""
    return torch.tensor(values, device=images.device)[:, None, None] if isinstance(values, tuple) else values


def evaluated_at_once(spec: InputSpec) -> int:
    """Images per batch where no gradients are needed; bounds memory and does not change results."""
    return max(1, min(EVALUATED, EVALUATED_VALUES // math.prod(spec.shape)))


def as_tensor(array: np.ndarray) -> Tensor:
    """Share an array's memory, also where it is mapped from a file that must not be written to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about arrays that cannot be written to
        return torch.from_numpy(array)
