"""The LightningModule around any network that takes images and gives logits."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from akshar import distributed
from akshar.data.batch import Batch
from akshar.metrics.accuracy import Score, score

MakeOptimizer = Callable[..., Optimizer]
MakeSchedule = Callable[[Optimizer, int], Any]


class Classifier(LightningModule):
    """Cross-entropy training with metrics of whole epochs.

    Logged once an epoch, to be monitored: `loss/train`, `accuracy/train` (under augmentation and dropout, as
    trained), `loss/val`, `accuracy/val`, and for a test `loss/test`, `accuracy/test`. They are summed on the
    device, so a step costs no transfer.

    Args:
        net: float (B, C, 32, 32) in [-1, 1] -> logits (B, K). Grey is repeated where it takes 3 channels.
        optimizer: called with parameter groups; weight decay is left out for vectors (biases, norms).
        schedule: called with the optimizer and the run's number of steps; None for a constant lr.
        schedule_interval: "step" or "epoch", when the schedule moves on.
        monitor: the metric that a schedule like ReduceLROnPlateau follows.
        label_smoothing: [0, 1), in the training loss alone (Szegedy et al., CVPR 2016).

    Attributes:
        scored: the score of the last validation or test.
        logits, labels: of that pass: float32 (N, K), int64 (N,), on the CPU, in the set's order.
    """

    def __init__(
        self,
        net: nn.Module,
        optimizer: MakeOptimizer | None = None,
        schedule: MakeSchedule | None = None,
        schedule_interval: str = "step",
        monitor: str = "loss/val",
        label_smoothing: float = 0.0,
    ):
        super().__init__()
        self.net = net
        self.channels = image_channels(net)
        self.make_optimizer = optimizer
        self.make_schedule = schedule
        self.schedule_interval = schedule_interval
        self.monitor = monitor
        self.label_smoothing = label_smoothing
        self.scored: Score | None = None
        self.logits = torch.empty(0)
        self.labels = torch.empty(0, dtype=torch.long)
        self._seen: list[tuple[Tensor, Tensor]] = []
        self._plateau: ReduceLROnPlateau | None = None
        self._plateau_state: dict[str, Any] | None = None
        self._begin_sums()

    def forward(self, images: Tensor) -> Tensor:
        """Float [-1, 1] (B, 1, 32, 32) -> logits (B, K)."""
        images = images.to(next(self.net.parameters()).dtype)  # where the whole net is bf16 or float64
        return self.net(images.expand(-1, self.channels, -1, -1))

    def on_train_start(self) -> None:
        """Brings a resumed epoch's sums to the device, and a plateau, which is made only now, to where it was."""
        self._loss_sum, self._correct = self._loss_sum.to(self.device), self._correct.to(self.device)
        if self._plateau is not None and self._plateau_state is not None:
            self._plateau.load_state_dict(self._plateau_state)

    def on_train_epoch_start(self) -> None:
        """Begins the epoch's sums; not called where an epoch is resumed in its middle."""
        self._begin_sums()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of one batch."""
        logits = self(batch.images).float()
        loss = F.cross_entropy(logits, batch.labels, label_smoothing=self.label_smoothing)
        with torch.no_grad():
            self._loss_sum += loss.detach() * len(batch.labels)
            self._correct += (logits.argmax(1) == batch.labels).sum()
        self._count += len(batch.labels)
        return loss

    def on_validation_start(self) -> None:
        """Lets every process validate the same net: sums within norms differ until the next step."""
        distributed.broadcast_(self.net.buffers())

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collects logits."""
        self._seen.append((self(batch.images).float(), batch.labels))

    def on_validation_epoch_end(self) -> None:
        """Scores the whole validation set, and in a fit the training since the epoch began."""
        self._score("val")
        if self.trainer.state.fn == "fit":
            # Here and not in on_train_epoch_end, which Lightning runs only after checkpoints are written.
            loss_sum, correct, count = self._totals()
            self._publish("train", float(loss_sum) / count, int(correct) / count)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Collects logits."""
        self._seen.append((self(batch.images).float(), batch.labels))

    def on_test_epoch_end(self) -> None:
        """Scores the whole test set."""
        self._score("test")

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the epoch's sums, for the same mean loss after a resume in its middle, and the plateau."""
        loss_sum, correct, count = self._totals()
        checkpoint["epoch_sums"] = {"loss": loss_sum, "correct": correct, "count": count}
        checkpoint["plateau"] = self._plateau.state_dict() if self._plateau is not None else None

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes them up again."""
        sums = checkpoint["epoch_sums"]
        if distributed.rank() == 0:  # the others begin at 0, since these are of all
            self._loss_sum, self._correct, self._count = sums["loss"], sums["correct"], sums["count"]
        self._plateau_state = checkpoint["plateau"]

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clips by norm, in place of Lightning's own, which refuses fused optimizers under bf16 for no need."""
        if gradient_clip_val is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters(), gradient_clip_val)

    def configure_optimizers(self) -> Any:
        """The optimizer over all parameters, and the schedule over all steps of the run."""
        assert self.make_optimizer is not None
        optimizer = self.make_optimizer(parameter_groups(self.net))
        if self.make_schedule is None:
            return optimizer
        schedule = self.make_schedule(optimizer, total_steps(self.trainer))
        if isinstance(schedule, ReduceLROnPlateau):
            self._plateau = schedule
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": self.schedule_interval}}

    def on_train_epoch_end(self) -> None:
        """Moves a schedule on that follows a metric; Lightning would leave it out in a resumed run."""
        if self._plateau is not None:
            self._plateau.step(self.trainer.callback_metrics[self.monitor])

    def _begin_sums(self) -> None:
        self._loss_sum = torch.zeros((), device=self.device)
        self._correct = torch.zeros((), dtype=torch.long, device=self.device)
        self._count = 0

    def _totals(self) -> tuple[Tensor, Tensor, int]:
        """The epoch's sums over all processes: loss, correct, images."""
        count = int(distributed.all_reduce_sum(torch.tensor(self._count)))
        return distributed.all_reduce_sum(self._loss_sum), distributed.all_reduce_sum(self._correct), count

    def _score(self, stage: str) -> None:
        logits, labels = zip(*self._seen, strict=True)
        self._seen = []
        self.logits = distributed.all_gather(torch.cat(logits)).cpu()
        self.labels = distributed.all_gather(torch.cat(labels)).cpu()
        self.scored = score(self.logits.numpy(), self.labels.numpy())
        self._publish(stage, self.scored.loss, self.scored.accuracy)

    def _publish(self, stage: str, loss: float, accuracy: float) -> None:
        # Not to the logger here: the history callback writes an epoch's figures together, by epoch.
        self.log_dict({f"loss/{stage}": loss, f"accuracy/{stage}": accuracy}, logger=False)


def total_steps(trainer: Trainer) -> int:
    """Optimizer steps of a whole fit.

    Lightning's own `estimated_stepping_batches` would make the training loader before a resumed run's position in
    the epoch is restored, which would then be lost.
    """
    batches, limit = len(trainer.datamodule.train_dataloader()), trainer.limit_train_batches  # pyright: ignore
    batches = min(batches, limit) if isinstance(limit, int) else int(batches * limit)
    assert trainer.max_epochs is not None
    return math.ceil(batches / trainer.accumulate_grad_batches) * trainer.max_epochs


def parameter_groups(net: nn.Module) -> list[dict[str, Any]]:
    """All parameters that learn: matrices and kernels, and without weight decay the vectors."""
    learning = [parameter for parameter in net.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in learning if parameter.ndim > 1]},
        {"params": [parameter for parameter in learning if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def image_channels(net: nn.Module) -> int:
    """3 for a network that takes RGB, by its `in_channels` or else its first convolution; 1 for any other."""
    if isinstance(channels := getattr(net, "in_channels", None), int):
        return channels
    first = next((module for module in net.modules() if isinstance(module, nn.Conv2d)), None)
    return 3 if first is not None and first.in_channels == 3 else 1


def count_parameters(net: nn.Module) -> int:
    """All parameters of a network."""
    return sum(parameter.numel() for parameter in net.parameters())
