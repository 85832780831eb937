"""Times the steps of a rehearsal, and ends it once that is enough to extrapolate from."""

import time
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from akshar.data.batch import count_examples
from akshar.memory import workers_memory
from akshar.training.callbacks.limits import seconds_left


class Rehearsal(Callback):
    """Times steps, validation and what is between two epochs, and ends training once that is enough.

    Attributes:
        WARM_UP: first steps, which are slower.
        MIN_STEPS, MIN_SECONDS: least that is measured.
        MAX_SECONDS: after which fewer steps are enough.
        batches: seconds of each training batch.
        gap: seconds between the last two epochs, or after the last one: validation and checkpoints.
        images, image: number of validation images in one epoch, and seconds of each.
        limit: seconds of `max_time`, or None.
    """

    WARM_UP, MIN_STEPS, MIN_SECONDS, MAX_SECONDS = 3, 10, 5.0, 10.0

    def __init__(self) -> None:
        self.batches: list[float] = []
        self.gap = self.image = self.began = self.ended = 0.0
        self.images = self.workers = 0
        self.limit: float | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Let training end before `min_epochs` and `min_steps`."""
        trainer.fit_loop.min_epochs = trainer.fit_loop.epoch_loop.min_steps = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self.trainer = trainer
        self.limit = seconds_left(trainer)
        self.began = self._last = time.perf_counter()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure what was between two epochs."""
        self._end_gap()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Measure a batch; end training where there is enough to go by."""
        if pl_module.device.type == "cuda":
            torch.cuda.synchronize()
        self._last, before = time.perf_counter(), self._last
        self.batches.append(self._last - before)
        spent, steps = self._last - self.began, len(self.batches) - self.WARM_UP
        if steps >= (self.MIN_STEPS if spent < self.MAX_SECONDS else 1) and spent >= self.MIN_SECONDS:
            trainer.should_stop = True

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure the workers of the training loader while they are there."""
        self.workers = max(self.workers, workers_memory())
        self._seen: list[tuple[float, int]] = [(time.perf_counter(), 0)]

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Measure a batch of validation, the first of which is slower."""
        self._seen.append((time.perf_counter(), count_examples(batch)))
        self.images = sum(count for _, count in self._seen)
        first = min(1, len(self._seen) - 2)
        counted = sum(count for _, count in self._seen[first + 1 :])
        self.image = (self._seen[-1][0] - self._seen[first][0]) / max(1, counted)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop the clock."""
        self._end_gap()
        self.ended = self._last

    @property
    def batch(self) -> float:
        """Seconds of a batch, without the first ones where there are more."""
        counted = self.batches[self.WARM_UP :] or self.batches
        return sum(counted) / len(counted)

    @property
    def warm_up(self) -> float:
        """Seconds by which the first batches were slower."""
        return sum(self.batches[: self.WARM_UP]) - self.batch * len(self.batches[: self.WARM_UP])

    def _end_gap(self) -> None:
        self._last, before = time.perf_counter(), self._last
        self.gap = self._last - before if self.batches else 0.0
