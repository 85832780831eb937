"""Watches the loss: stops where it is no longer a number, and says when nothing is being learnt."""

import logging
import math
from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from akshar import distributed
from akshar.errors import Diverged
from akshar.files import write_json
from akshar.runs.run_dir import RunDir
from akshar.training.callbacks.history import learning_rate

log = logging.getLogger(__name__)

# The loss of guessing, ln K, is approached from above; a loss within a hundredth of it has learnt nothing.
LEARNT = 0.99

DescribeBatch = Callable[[int], dict[str, Any]]


class DivergenceGuard(Callback):
    """Looks at every loss before its gradients are made.

    Args:
        folder: of the run.
        describe_batch: number of the epoch's batch -> its indices and what else a replay needs, plain values.
        num_classes: K, whose guessing has a loss of ln K.
        dead_after: epochs after which a validation loss no better than that is named in the log.
    """

    def __init__(self, folder: RunDir, describe_batch: DescribeBatch, num_classes: int, dead_after: int):
        self.folder = folder
        self.describe_batch = describe_batch
        self.chance = math.log(num_classes)
        self.dead_after = dead_after
        self._batch = 0

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Notes which batch it is."""
        self._batch = batch_idx

    def on_before_backward(self, trainer: Trainer, pl_module: LightningModule, loss: torch.Tensor) -> None:
        """Stops the run at a loss that is no number, with all that a replay of the step needs.

        Raises:
            Diverged: naming epoch, step and learning rate.
        """
        value = (
            float(distributed.all_reduce_sum(loss.detach())) / distributed.world_size()
        )  # in every process, for all to stop at the same step
        if math.isfinite(value):
            return
        weights = all(bool(parameter.isfinite().all()) for parameter in pl_module.parameters())
        rate = learning_rate(trainer)
        report = self.folder.path / "diverged.json"
        content = {
            "loss": str(value),
            "epoch": trainer.current_epoch + 1,
            "step": trainer.global_step + 1,
            "lr": rate,
            "weights_finite": weights,
            "batch": {"number": self._batch} | self.describe_batch(self._batch),
            "weights": "checkpoints/diverged.ckpt",
        }
        if trainer.is_global_zero:
            write_json(report, content)
        trainer.save_checkpoint(self.folder.checkpoints / "diverged.ckpt")
        raise Diverged(
            f"the loss is {value} in epoch {trainer.current_epoch + 1}, step {trainer.global_step + 1}, at "
            f"lr {rate:.3g}; try a smaller optimizer.lr, or trainer.gradient_clip_val=1 "
            f"(the batch and the weights before it: {report.name})"
        )

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Names a run that is no better than guessing, once."""
        if trainer.state.fn != "fit" or trainer.current_epoch + 1 != self.dead_after:
            return
        loss = float(trainer.callback_metrics["loss/val"])
        if not loss < LEARNT * self.chance:
            log.warning(
                "nothing is learnt: after %d epochs the validation loss, %.3f, is no better than that of "
                "guessing, %.3f; another optimizer.lr may help",
                self.dead_after,
                loss,
                self.chance,
            )
