"""Batches: what the data gives to a model."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from akshar.errors import UsageError


class Batch(NamedTuple):
    """One batch of images with their labels, as a loader of akshar makes it.

    Attributes:
        images: uint8 [0, 255] (B, C, H, W).
        labels: int64 (B,).
        seed: of everything random in this batch, so that it can be reproduced separately.
    """

    images: Tensor
    labels: Tensor
    seed: int


class OtherBatches(UsageError):
    """The batches of a LightningDataModule are not images with one class index each."""


class Examples(NamedTuple):
    """One batch as a model gets it, on its device: the pair that most training code unpacks.

    Attributes:
        images: float32 (B, C, H, W), normalised.
        labels: int64 (B,).
    """

    images: Tensor
    labels: Tensor


def images_and_labels(batch: object) -> Examples:
    """Take the images and labels that a network needs out of a batch of any LightningDataModule.

    Raises:
        OtherBatches: the batch is not a tuple or list that begins with two tensors, the second of class indices.
    """
    if isinstance(batch, tuple | list) and len(batch) > 1 and all(isinstance(part, Tensor) for part in batch[:2]):
        images, labels = batch[0], batch[1]
        if labels.ndim == 1 and not (labels.is_floating_point() or labels.is_complex()):
            return Examples(images, labels)
    raise OtherBatches(
        f"data: gives batches of type {_described(batch)}; a network needs (images, labels), two tensors, with one "
        "class index for each image; a LightningModule of your own may take other batches"
    )


def count_examples(batch: object) -> int:
    """Count the examples of a batch: the length of its first tensor, at any depth; 0 where it has none."""
    if isinstance(batch, Tensor):
        return len(batch) if batch.ndim else 1
    parts = batch.values() if isinstance(batch, Mapping) else batch if isinstance(batch, tuple | list) else ()
    return next((count for part in parts if (count := count_examples(part))), 0)


def _described(batch: object) -> str:
    name = type(batch).__name__
    if isinstance(batch, Mapping):
        return f"{name} with the keys {', '.join(map(str, batch))}"
    if isinstance(batch, tuple | list):
        return f"{name} of {', '.join(map(_described, batch))}"
    if isinstance(batch, Tensor):
        return f"{name} {tuple(batch.shape)} of {str(batch.dtype).removeprefix('torch.')}"
    return name
