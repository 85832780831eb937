"""What is shown while a run trains: a bar for the epoch, and how long the whole training will take."""

import logging
import math
import time
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from tqdm import tqdm

from akshar.data.batch import count_examples
from akshar.models.classifier import planned_steps
from akshar.runs.console import Console
from akshar.training.callbacks.limits import seconds_left

log = logging.getLogger(__name__)


class Progress(Callback):
    """Shows a bar for the current epoch on a terminal; nothing where output goes to a file."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Show a bar; in a resumed epoch it starts where the epoch does."""
        if self._bar is None:
            steps = trainer.num_training_batches
            shown = trainer.is_global_zero and not Console.job  # bars of parallel jobs would overwrite each other
            total = f"/{trainer.max_epochs}" if trainer.max_epochs and trainer.max_epochs > 0 else ""
            self._bar = tqdm(
                total=int(steps) if math.isfinite(steps) else None,  # infinite: a loader without a length
                initial=batch_idx,
                desc=f"epoch {trainer.current_epoch + 1}{total}",
                unit=" steps",
                leave=False,
                disable=None if shown else True,  # None: off where there is no terminal
            )

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Advance the bar."""
        if self._bar is not None:
            self._bar.update()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Remove the bar; log lines follow."""
        self.close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Remove the bar; an error message follows."""
        self.close()

    def close(self) -> None:
        """Remove the bar if there is one."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class DurationEstimate(Callback):
    """Logs once how long training will take, estimated from its first steps.

    Args:
        val_images: number of validation images.

    Attributes:
        WARM_UP: first steps, which are slower and not counted.
        MIN_STEPS, MIN_SECONDS: least that is measured before the estimate.
        VALIDATION: cost of validating an image as a share of training on it (forward without backward).
    """

    WARM_UP, MIN_STEPS, MIN_SECONDS, VALIDATION = 3, 10, 2.0, 1 / 3

    def __init__(self, val_images: int) -> None:
        self._val_images = val_images
        self._steps = 0
        self._start = 0.0
        self._done = False

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Measure; log the estimate when there is enough to go by."""
        if self._done or not trainer.is_global_zero or not math.isfinite(trainer.num_training_batches):
            return
        self._steps += 1
        if self._steps <= self.WARM_UP:
            self._start = time.perf_counter()
            return
        measured, seconds = self._steps - self.WARM_UP, time.perf_counter() - self._start
        if measured < self.MIN_STEPS or seconds < self.MIN_SECONDS:
            return
        self._done = True
        step, of_epoch = seconds / measured, trainer.num_training_batches
        image = step / max(1, count_examples(batch) * trainer.world_size)
        left = planned_steps(trainer, int(of_epoch)) - trainer.global_step
        estimate = training_seconds(
            left * trainer.accumulate_grad_batches, of_epoch, step, self._val_images * image * self.VALIDATION
        )
        limit = seconds_left(trainer)
        log.info(
            "training takes about %s (estimated from %d steps)",
            duration(estimate if limit is None else min(estimate, limit)),
            measured,
        )

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop measuring: after an epoch its log line says how long it took."""
        self._done = True


def training_seconds(batches: float, of_epoch: float, batch_s: float, validation_s: float) -> float:
    """Estimate how long training takes.

    Args:
        batches: number of all batches.
        of_epoch: number of batches of an epoch.
        batch_s: seconds of training on a batch.
        validation_s: seconds between the last batch of an epoch and the first of the next.
    """
    return batches * (batch_s + validation_s / of_epoch)


def duration(seconds: float) -> str:
    """Write a duration for people.

    >>> duration(42), duration(200), duration(5000)
    ('42 s', '3 min', '83 min')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
