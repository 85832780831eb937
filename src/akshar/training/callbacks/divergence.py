"""Stops a run whose loss becomes NaN or infinite, and warns if validation is no better than guessing."""

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

# Guessing has the loss ln K, which training approaches from above; a loss within 1 % of it has learned nothing.
LEARNED = 0.99

RISEN = 0.02  # rise of training accuracy that is more than chance

DescribeBatch = Callable[[int, int], dict[str, Any]]


class DivergenceGuard(Callback):
    """Checks every loss before its gradients are computed.

    Args:
        run_dir: of the run.
        describe_batch: epoch, number of the batch in it -> what a replay needs, plain values.
        num_classes: K; guessing has the loss ln K. None where `loss/val` need not be cross-entropy.
        warn_after: epochs after which a validation loss no better than that is logged as a warning.
    """

    def __init__(self, run_dir: RunDir, describe_batch: DescribeBatch, num_classes: int | None, warn_after: int):
        self.run_dir = run_dir
        self.describe_batch = describe_batch
        self.chance = math.log(num_classes) if num_classes else None
        self.warn_after = warn_after
        self._batch = 0
        self._first_accuracy: float | None = None  # of training, in the first epoch

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Remember the number of the batch."""
        self._batch = batch_idx

    def on_before_backward(self, trainer: Trainer, pl_module: LightningModule, loss: torch.Tensor) -> None:
        """Stop at a loss that is NaN or infinite, and save what a replay of the step needs.

        Raises:
            Diverged: naming epoch, step and learning rate.
        """
        # The mean over all processes, so that they stop at the same step.
        value = float(distributed.all_reduce_sum(loss.detach())) / distributed.world_size()
        if math.isfinite(value):
            return
        weights = all(bool(parameter.isfinite().all()) for parameter in pl_module.parameters())
        rate = learning_rate(trainer)
        report = self.run_dir.path / "diverged.json"
        content = {
            "loss": str(value),
            "epoch": trainer.current_epoch + 1,
            "step": trainer.global_step + 1,
            "lr": rate,
            "weights_finite": weights,
            "batch": {"number": self._batch} | self.describe_batch(trainer.current_epoch, self._batch),
            "weights": "checkpoints/diverged.ckpt",
        }
        if trainer.is_global_zero:
            write_json(report, content)
        trainer.save_checkpoint(self.run_dir.checkpoints / "diverged.ckpt")
        raise Diverged(
            f"the loss is {value} in epoch {trainer.current_epoch + 1}, step {trainer.global_step + 1}, at "
            f"lr {rate:.3g}; try a smaller optimizer.lr, or trainer.gradient_clip_val=1 "
            f"(the batch and the weights before it: {report.name})"
        )

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Warn, once, about a run whose validation is no better than guessing, and say how its training goes."""
        if trainer.state.fn != "fit" or self.chance is None:
            return
        accuracy = float(trainer.callback_metrics["accuracy/train"])
        first = self._first_accuracy
        self._first_accuracy = accuracy if first is None else first
        loss = float(trainer.callback_metrics["loss/val"])
        if trainer.current_epoch + 1 != self.warn_after or loss < LEARNED * self.chance:
            return
        reason = "and training accuracy has not risen; try another optimizer.lr"
        if accuracy > (first or math.exp(-self.chance)) + RISEN:
            reason = (
                f"while training accuracy rose to {accuracy:.1%}: the network fits only the training images, or "
                "its norm layers need more steps"
            )
        log.warning(
            "after %d epochs validation is no better than guessing (loss %.3f, guessing %.3f), %s",
            self.warn_after,
            loss,
            self.chance,
            reason,
        )
