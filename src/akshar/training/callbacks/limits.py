"""The limits of a training beside its epochs, `trainer.max_steps` and `trainer.max_time`."""

import logging
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import Timer

log = logging.getLogger(__name__)


class StepLimit(Callback):
    """Asks Lightning to stop at `max_steps`; it then validates, as it does not when it ends there by itself."""

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop where the last step was taken."""
        if 0 <= trainer.max_steps <= trainer.global_step:
            trainer.should_stop = True


def seconds_left(trainer: Trainer) -> float | None:
    """Seconds until `max_time`; None without that limit, negative after it."""
    timers = [callback for callback in trainer.callbacks if isinstance(callback, Timer)]  # pyright: ignore[reportAttributeAccessIssue]
    left = [seconds for timer in timers if (seconds := timer.time_remaining()) is not None]
    return min(left, default=None)


def log_limit(trainer: Trainer, epoch: int) -> None:
    """Say which limit ended a training before its last epoch was complete.

    Args:
        trainer: after the fit.
        epoch: the last one, from 1.
    """
    left = seconds_left(trainer)
    if 0 <= trainer.max_steps <= trainer.global_step:
        log.info("ended at trainer.max_steps=%d, in epoch %d", trainer.max_steps, epoch)
    elif left is not None and left <= 0 and trainer.should_stop:
        log.info(
            "the time of trainer.max_time is up: ended in epoch %d, after %d steps", epoch, trainer.global_step
        )
