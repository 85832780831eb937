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
    """An iterable over a part of `images`, in order, or in a new order each epoch.

    Of a run over several devices each process gets its share: of every batch where there is an order, the same
    number of images in each (the last batch loses up to `devices - 1` of them); else of the whole.

    Args:
        images: the whole set.
        indices: int64 (M,), the part to go over; every one comes once an epoch.
        batch_size: images a batch; the last may be smaller.
        shuffle_seed: orders and batch seeds follow from it and the epoch; None keeps the order.
    """

    batch_sampler = None  # Lightning asks for it beside `sampler`

    def __init__(self, images: ImageSet, indices: Tensor, batch_size: int, shuffle_seed: int | None = None):
        self.images = images
        self.indices = indices
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed
        self.epoch = 0
        self._given = 0  # batches of this epoch so far
        self._resumed = {"epoch": -1, "given": 0}

    @property
    def sampler(self) -> "InMemoryLoader":
        """Itself: Lightning tells `loader.sampler.set_epoch` which epoch begins."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Chooses the order of the epoch that begins, counted from 0."""
        self.epoch = epoch

    def state_dict(self) -> dict[str, int]:
        """The position: epoch, and batches given in it."""
        return {"epoch": self.epoch, "given": self._given}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Lets that epoch go on at that position; later ones begin at their beginning."""
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
        """Of this process."""
        if self.shuffle_seed is None:
            yield from self._share(self.indices).split(self.batch_size)
            return
        for chosen in self.order().split(self.batch_size):
            if even := len(chosen) // distributed.world_size() * distributed.world_size():
                yield self._share(chosen[:even])

    @staticmethod
    def _share(chosen: Tensor) -> Tensor:
        """Of this process."""
        return chosen[distributed.rank() :: distributed.world_size()]

    def order(self) -> Tensor:
        """The epoch's order: positions in `images`, int64 (M,)."""
        if self.shuffle_seed is None:
            return self.indices
        order = generator(self.shuffle_seed, "order", self.epoch)
        return self.indices[torch.randperm(len(self.indices), generator=order)]

    def batch_seed(self, number: int) -> int:
        """The seed of what is random in the epoch's batch `number`, counted from 0."""
        if self.shuffle_seed is None:
            return 0
        own = [distributed.rank()] if distributed.rank() else []
        return derive_seed(self.shuffle_seed, "batch", self.epoch, number, *own)
