"""The LightningModule around any network that takes images and gives logits."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.utilities.combined_loader import CombinedLoader
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, DistributedSampler

from akshar import distributed
from akshar.data.batch import images_and_labels
from akshar.errors import UsageError
from akshar.metrics.accuracy import Score, score
from akshar.models.epoch_metrics import EpochMetrics
from akshar.models.parameters import parameter_groups

CRITERION_BATCH = 1024  # images at once, which bounds the memory of a loss that compares images

MakeOptimizer = Callable[..., Optimizer]
MakeSchedule = Callable[[Optimizer, int], Any]


class Classifier(LightningModule):
    """Trains a network and logs metrics of whole epochs.

    Logged once per epoch, and available to `monitor`: `loss/train`, `accuracy/train` (with augmentation and
    dropout), `loss/val`, `accuracy/val` and each of `metrics`, as `f1/val`; in a test `loss/test`, `accuracy/test`
    and `f1/test`. Those of training are summed on the device, so a step needs no transfer to the CPU. `loss/train`
    is the loss that is trained; the other two are plain cross-entropy, so that they compare between losses.

    Args:
        net: normalised float (B, C, H, W) -> logits (B, K). Grey images are repeated where it takes 3 channels.
        optimizer: called with parameter groups; vectors (biases, norms) get no weight decay.
        schedule: called with the optimizer and the run's number of steps; None for a constant lr.
        schedule_interval: when the schedule advances, "step" or "epoch".
        monitor: metric that a schedule such as ReduceLROnPlateau follows.
        loss: float32 logits (B, K) and labels int64 (B,) -> the training loss, a scalar; None for cross-entropy.
        logs_criterion: whether that loss is also computed of each validation and test, as `criterion/val`.
        metrics: computed of each validation and test, beside loss and accuracy.
        frozen: modules of the network that stay in eval mode, see `akshar.models.parameters.freeze`.
        lr_factors: of parts of the network, see `akshar.models.parameters.parameter_groups`.

    Attributes:
        scored: score of the last validation or test.
        logits, labels: of that pass, float32 (N, K) and int64 (N,), on the CPU, in the order of the images.
    """

    def __init__(
        self,
        net: nn.Module,
        optimizer: MakeOptimizer | None = None,
        schedule: MakeSchedule | None = None,
        schedule_interval: str = "step",
        monitor: str = "loss/val",
        loss: nn.Module | None = None,
        logs_criterion: bool = False,
        metrics: EpochMetrics | None = None,
        frozen: Sequence[nn.Module] = (),
        lr_factors: Mapping[str, float] | None = None,
    ):
        super().__init__()
        self.frozen = list(frozen)
        self.lr_factors = lr_factors
        self.net = net
        self.channels = image_channels(net)
        self.make_optimizer = optimizer
        self.make_schedule = schedule
        self.schedule_interval = schedule_interval
        self.monitor = monitor
        self.loss = nn.CrossEntropyLoss() if loss is None else loss
        self.logs_criterion = logs_criterion
        self.metrics = metrics or EpochMetrics()
        self.scored: Score | None = None
        self.logits = torch.empty(0)
        self.labels = torch.empty(0, dtype=torch.long)
        self._seen: list[tuple[Tensor, Tensor]] = []
        self._plateau: ReduceLROnPlateau | None = None
        self._plateau_state: dict[str, Any] | None = None
        self._begin_sums()

    def forward(self, images: Tensor) -> Tensor:
        """Normalised float (B, C, H, W) -> logits (B, K)."""
        images = images.to(next(self.net.parameters()).dtype)  # the weights may be bf16 or float64
        if images.shape[1] == 1 and self.channels is not None:
            images = images.expand(-1, self.channels, -1, -1)
        return self.net(images)

    def on_train_start(self) -> None:
        """Move a resumed epoch's sums to the device, and restore a plateau schedule, which did not exist before."""
        self.loss.float()  # logits are float32 whatever the precision of the network
        self._loss_sum, self._correct = self._loss_sum.to(self.device), self._correct.to(self.device)
        if self._plateau is not None and self._plateau_state is not None:
            self._plateau.load_state_dict(self._plateau_state)

    def on_train_epoch_start(self) -> None:
        """Reset the epoch's sums; Lightning does not call this when it resumes within an epoch."""
        self._begin_sums()

    def training_step(self, batch: object, batch_idx: int) -> Tensor:
        """Return the loss of one batch."""
        images, labels = images_and_labels(batch)
        logits = self(images).float()
        loss = self.loss(logits, labels)
        with torch.no_grad():
            self._loss_sum += loss.detach() * len(labels)
            self._correct += (logits.argmax(1) == labels).sum()
        self._count += len(labels)
        return loss

    def on_validation_start(self) -> None:
        """Broadcast buffers from rank 0: running means of norm layers differ between processes after a step."""
        distributed.broadcast_(self.net.buffers())

    def validation_step(self, batch: object, batch_idx: int) -> None:
        """Collect logits."""
        self._collect(batch)

    def on_validation_epoch_end(self) -> None:
        """Score the validation set and, in a fit, log the training metrics of the epoch."""
        self._score("val")
        if self.trainer.state.fn == "fit":
            # Not in on_train_epoch_end, which Lightning runs only after checkpoints are written
            loss_sum, correct, count = self._totals()
            self._publish("train", {"loss": float(loss_sum) / count, "accuracy": int(correct) / count})

    def test_step(self, batch: object, batch_idx: int) -> None:
        """Collect logits."""
        self._collect(batch)

    def on_test_epoch_end(self) -> None:
        """Score the test set."""
        self._score("test")

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save the epoch's sums, so that a resume within it gives the same mean loss, and the plateau schedule."""
        loss_sum, correct, count = self._totals()
        checkpoint["epoch_sums"] = {"loss": loss_sum, "correct": correct, "count": count}
        checkpoint["plateau"] = self._plateau.state_dict() if self._plateau is not None else None

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the epoch's sums and the plateau schedule."""
        sums = checkpoint["epoch_sums"]
        if distributed.rank() == 0:  # these sums are over all processes, so the others start at 0
            self._loss_sum, self._correct, self._count = sums["loss"], sums["correct"], sums["count"]
        self._plateau_state = checkpoint["plateau"]

    def train(self, mode: bool = True) -> Self:
        """Set the mode; frozen parts stay in eval mode."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Group the trained parameters of the network, and of its loss where it has some."""
        return [*parameter_groups(self.net, self.lr_factors), *parameter_groups(self.loss)]

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip gradients by norm or by value; Lightning's version needlessly refuses fused optimizers with bf16."""
        if gradient_clip_val is None:
            return
        clip = clip_grad_value_ if gradient_clip_algorithm == "value" else clip_grad_norm_
        clip(self.parameters(), gradient_clip_val)

    def configure_optimizers(self) -> Any:
        """Build the optimizer for all parameters, and the schedule for all steps of the run."""
        assert self.make_optimizer is not None
        optimizer = self.make_optimizer(self.parameter_groups())
        if self.make_schedule is None:
            return optimizer
        schedule = self.make_schedule(optimizer, total_steps(self.trainer))
        if isinstance(schedule, ReduceLROnPlateau):
            self._plateau = schedule
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": self.schedule_interval}}

    def on_train_epoch_end(self) -> None:
        """Advance a schedule that follows a metric; Lightning would skip it in a resumed run."""
        if self._plateau is not None:
            self._plateau.step(self.trainer.callback_metrics[self.monitor])

    def _begin_sums(self) -> None:
        self._loss_sum = torch.zeros((), device=self.device)
        self._correct = torch.zeros((), dtype=torch.long, device=self.device)
        self._count = 0

    def _totals(self) -> tuple[Tensor, Tensor, int]:
        """Sum the epoch over all processes: loss, correct, images."""
        count = int(distributed.all_reduce_sum(torch.tensor(self._count)))
        return distributed.all_reduce_sum(self._loss_sum), distributed.all_reduce_sum(self._correct), count

    def _collect(self, batch: object) -> None:
        images, labels = images_and_labels(batch)
        self._seen.append((self(images).float(), labels))

    def _score(self, stage: str) -> None:
        logits, labels = zip(*self._seen, strict=True)
        self._seen = []
        self.logits = distributed.all_gather(torch.cat(logits)).cpu()
        self.labels = distributed.all_gather(torch.cat(labels)).cpu()
        self.scored = score(self.logits.numpy(), self.labels.numpy())
        further = self.metrics.compute(self.logits, self.labels)
        if self.logs_criterion:
            further["criterion"] = self._criterion()
        self._publish(stage, {"loss": self.scored.loss, "accuracy": self.scored.accuracy, **further})

    def _criterion(self) -> float:
        """Mean training loss over the collected logits."""
        self.loss.float()
        parts = zip(self.logits.split(CRITERION_BATCH), self.labels.split(CRITERION_BATCH), strict=True)
        losses = [self.loss(part.to(self.device), labels.to(self.device)) * len(labels) for part, labels in parts]
        return float(sum(losses)) / len(self.labels)

    def _publish(self, stage: str, values: Mapping[str, float]) -> None:
        # Not to the logger: the history callback logs all metrics of an epoch together, by epoch.
        self.log_dict({f"{name}/{stage}": value for name, value in values.items()}, logger=False)


def total_steps(trainer: Trainer) -> int:
    """Count the optimizer steps of a whole fit.

    Lightning's `estimated_stepping_batches` would create the training loader before a resumed run's position in
    the epoch is restored; the position would be lost.
    """
    loaders, limit = trainer.datamodule.train_dataloader(), trainer.limit_train_batches  # pyright: ignore
    try:
        batches = max(_count_batches(loader, trainer.world_size) for loader in CombinedLoader(loaders).flattened)
    except TypeError as error:
        raise UsageError(
            "scheduler: needs the number of steps, and the training loader has no length; set scheduler=none"
        ) from error
    return planned_steps(trainer, min(batches, limit) if isinstance(limit, int) else int(batches * limit))


def planned_steps(trainer: Trainer, batches: int) -> int:
    """Count the optimizer steps of a whole fit whose epochs have so many batches."""
    assert trainer.max_epochs is not None
    steps = math.ceil(batches / trainer.accumulate_grad_batches) * trainer.max_epochs
    return steps if trainer.max_steps == -1 else min(steps, trainer.max_steps)


def _count_batches(loader: Any, processes: int) -> int:
    """Count the batches of an epoch; Lightning divides a DataLoader between the processes, unless it is divided."""
    divides = isinstance(loader, DataLoader) and not isinstance(loader.sampler, DistributedSampler)
    return math.ceil(len(loader) / processes) if divides else len(loader)


def image_channels(net: nn.Module) -> int | None:
    """Number of channels that a network takes, from `in_channels` or its first convolution; None if unknown."""
    if isinstance(channels := getattr(net, "in_channels", None), int):
        return channels
    first = next((module for module in net.modules() if isinstance(module, nn.Conv2d)), None)
    return first.in_channels if first is not None and first.in_channels in (1, 3) else None
