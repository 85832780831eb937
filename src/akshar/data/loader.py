"""Batches gathered by index from images in memory: no worker processes, no per-image Python."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from akshar import distributed
from akshar.data.batch import Batch
from akshar.data.image_set import ImageSet
from akshar.seeds import derive_seed, generator


class InMemoryLoader:
    """Iterates over some of `images`, in their order or shuffled anew each epoch.

    With several processes, each gets a share: when shuffled, the same number of images of every batch (the
    last batch loses up to `devices - 1` images), otherwise a share of the whole.

    Args:
        images: the whole set.
        indices: int64 (M,), positions in `images`; each is visited once per epoch.
        batch_size: images per batch; the last batch may be smaller.
        shuffle_seed: seed, together with the epoch, of orders and batch seeds; None does not shuffle.
    """

    batch_sampler = None  # Lightning reads it beside `sampler`

    def __init__(self, images: ImageSet, indices: Tensor, batch_size: int, shuffle_seed: int | None = None):
        self.images = images
        self.indices = indices
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed
        self.epoch = 0
        self._given = 0  # batches of this epoch that were yielded
        self._resumed = {"epoch": -1, "given": 0}

    @property
    def sampler(self) -> "InMemoryLoader":
        """Return this loader: Lightning calls `loader.sampler.set_epoch` before each epoch."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch that begins, counted from 0."""
        self.epoch = epoch

    def state_dict(self) -> dict[str, int]:
        """Return the position: epoch, and number of batches yielded in it."""
        return {"epoch": self.epoch, "given": self._given}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue the saved epoch at the saved position; later epochs start at their first batch."""
        self._resumed = state

    def __len__(self) -> int:
        if self.shuffle_seed is None:
            return math.ceil(len(self._share(self.indices)) / self.batch_size)
        full, rest = divmod(len(self.indices), self.batch_size)
        return full + (rest >= distributed.world_size())

    def __iter__(self) -> Iterator[Batch]:
        first = self._resumed["given"] if self.epoch == self._resumed["epoch"] else 0
        for number, chosen in enumerate(self._batches()):
            if number >= first:
                self._given = number + 1
                yield Batch(
                    self.images.pixels.index_select(0, chosen),
                    self.images.labels.index_select(0, chosen),
                    self.batch_seed(number),
                )

    def _batches(self) -> Iterator[Tensor]:
        """Yield the positions of this process's share of each batch."""
        if self.shuffle_seed is None:
            yield from self._share(self.indices).split(self.batch_size)
            return
        for chosen in self.order().split(self.batch_size):
            if even := len(chosen) // distributed.world_size() * distributed.world_size():
                yield self._share(chosen[:even])

    @staticmethod
    def _share(chosen: Tensor) -> Tensor:
        """Select this process's share."""
        return chosen[distributed.rank() :: distributed.world_size()]

    def order(self) -> Tensor:
        """Return the epoch's order: positions in `images`, int64 (M,)."""
        if self.shuffle_seed is None:
            return self.indices
        order = generator(self.shuffle_seed, "order", self.epoch)
        return self.indices[torch.randperm(len(self.indices), generator=order)]

    def batch_seed(self, number: int) -> int:
        """Return the seed of the epoch's batch `number`, counted from 0."""
        if self.shuffle_seed is None:
            return 0
        own = [distributed.rank()] if distributed.rank() else []
        return derive_seed(self.shuffle_seed, "batch", self.epoch, number, *own)
