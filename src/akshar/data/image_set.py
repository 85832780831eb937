"""A labelled set of character images in memory, and the two ranges in which pixels are held."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from akshar.errors import UsageError


@dataclass(frozen=True)
class ImageSet:
    """White ink on black, with labels.

    Attributes:
        pixels: uint8 [0, 255] (N, 1, 32, 32).
        labels: int64 [0, len(classes)) (N,).
        numbers: int64 (N,), the number in each image's file name or its position in its class; neighbours
            are likely to come from one hand.
        classes: names in label order.
        files: of each image, below the data's folder; empty where images come from no files of their own.
    """

    pixels: Tensor
    labels: Tensor
    numbers: Tensor
    classes: tuple[str, ...]
    files: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def digest(self) -> str:
        """Sha256 over pixels, labels, numbers and class names: the same for the same content, from any place."""
        digest = hashlib.sha256("\n".join(self.classes).encode())
        digest.update(self.labels.numpy().tobytes())
        digest.update(self.numbers.numpy().tobytes())
        digest.update(self.pixels.numpy().data)
        return digest.hexdigest()

    def of_classes(self, classes: Sequence[str]) -> "ImageSet":
        """The images of some classes, labelled by their position in `classes`."""
        missing = [name for name in classes if name not in self.classes]
        if missing:
            raise UsageError(f"the data has no class {', '.join(missing)}; it has {', '.join(self.classes)}")
        if tuple(classes) == self.classes:
            return self
        new_label = torch.full((len(self.classes),), -1)
        for label, name in enumerate(classes):
            new_label[self.classes.index(name)] = label
        labels = new_label[self.labels]
        kept = labels >= 0
        return replace(self.part(kept), labels=labels[kept], classes=tuple(classes))

    def part(self, chosen: Tensor) -> "ImageSet":
        """Some of the images, by bool (N,) or by int64 positions."""
        positions = chosen.nonzero().flatten() if chosen.dtype == torch.bool else chosen
        files = tuple(self.files[position] for position in positions.tolist()) if self.files else ()
        return ImageSet(self.pixels[chosen], self.labels[chosen], self.numbers[chosen], self.classes, files)

    def name_of(self, position: int) -> str:
        """The file of an image, or else its class and number."""
        if self.files:
            return self.files[position]
        return f"{self.classes[int(self.labels[position])]}/{int(self.numbers[position])}"


@dataclass(frozen=True)
class TrainTest:
    """What a source gives: either part may be missing (`None`), not both.

    Attributes:
        name: the source's name in results, e.g. "dhcd".
        train: images to train and validate on.
        test: images to test on, never seen before.
    """

    name: str
    train: ImageSet | None
    test: ImageSet | None

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
    """Uint8 [0, 255] to float32 [0, 1]."""
    return pixels.float().mul_(1 / 255)


def normalise(images: Tensor) -> Tensor:
    """Float [0, 1] to [-1, 1]: mean 0.5 and standard deviation 0.5, as the tutorial has it."""
    return (images * 2).sub_(1)


def denormalise(images: Tensor) -> Tensor:
    """The inverse of `normalise`: float [-1, 1] to [0, 1]."""
    return (images + 1) / 2
