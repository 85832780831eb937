"""The limits of a training beside its epochs, `trainer.max_steps` and `trainer.max_time`."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import Timer


class Limits(Callback):
    """Ends training at `max_steps`, and notes which limit ended it.

    Attributes:
        reached: the key of that limit and its value; None where training came to the end of its epochs.
    """

    def __init__(self) -> None:
        self.reached: str | None = None

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Ask for the end at the last step; Lightning then validates, unlike when it ends there by itself."""
        if 0 <= trainer.max_steps <= trainer.global_step:
            trainer.should_stop = True

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the limit that was reached."""
        left = seconds_left(trainer)
        if 0 <= trainer.max_steps <= trainer.global_step:
            self.reached = f"trainer.max_steps={trainer.max_steps}"
        elif left is not None and left <= 0 and trainer.should_stop:
            self.reached = "trainer.max_time"


def seconds_left(trainer: Trainer) -> float | None:
    """Seconds until `max_time`; None without that limit, negative after it."""
    timers = [callback for callback in trainer.callbacks if isinstance(callback, Timer)]  # pyright: ignore[reportAttributeAccessIssue]
    left = [seconds for timer in timers if (seconds := timer.time_remaining()) is not None]
    return min(left, default=None)
