"""Advances a schedule that follows a metric, for a LightningModule of one's own."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from torch.optim.lr_scheduler import ReduceLROnPlateau


class PlateauSchedule(Callback):
    """Advances the schedule after each epoch; in a resumed run Lightning would leave out the first time.

    Args:
        monitor: metric that the schedule follows.

    Attributes:
        schedule: set when the optimizer is configured.
    """

    def __init__(self, monitor: str):
        self.monitor = monitor
        self.schedule: ReduceLROnPlateau | None = None
        self._resumed: dict[str, Any] = {}

    @property
    def state_key(self) -> str:
        """Key of this callback's state in checkpoints, in place of the class's name."""
        return "plateau_schedule"

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run needs."""
        return self.schedule.state_dict() if self.schedule else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Remember it; the schedule does not exist yet."""
        self._resumed = state_dict

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore the schedule of a resumed run."""
        if self.schedule and self._resumed:
            self.schedule.load_state_dict(self._resumed)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Advance the schedule."""
        if self.schedule:
            self.schedule.step(trainer.callback_metrics[self.monitor])
