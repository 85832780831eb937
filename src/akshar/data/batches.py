"""Batches gathered by index from images in memory: no worker processes, no per-image Python."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from akshar.batch import Batch
from akshar.data.images import Images
from akshar.seeds import derive_seed, generator


class Batches:
    """An iterable over a part of `images`, in order, or in a new order each epoch.

    Args:
        images: the whole set.
        indices: int64 (M,), the part to go over; every one comes once an epoch.
        batch_size: images a batch; the last may be smaller.
        shuffle_seed: orders and batch seeds follow from it and the epoch; None keeps the order.
    """

    batch_sampler = None  # Lightning asks for it beside `sampler`

    def __init__(self, images: Images, indices: Tensor, batch_size: int, shuffle_seed: int | None = None):
        self.images = images
        self.indices = indices
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed
        self.epoch = 0

    @property
    def sampler(self) -> "Batches":
        """Itself: Lightning tells `loader.sampler.set_epoch` which epoch begins."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Chooses the order of the epoch that begins, counted from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        return math.ceil(len(self.indices) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        indices, seed = self.indices, self.shuffle_seed
        if seed is not None:
            order = torch.randperm(len(indices), generator=generator(seed, "order", self.epoch))
            indices = indices[order]
        for number, chosen in enumerate(indices.split(self.batch_size)):
            batch_seed = 0 if seed is None else derive_seed(seed, "batch", self.epoch, number)
            yield Batch(
                self.images.pixels.index_select(0, chosen),
                self.images.labels.index_select(0, chosen),
                batch_seed,
            )
