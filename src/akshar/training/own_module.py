"""A LightningModule of one's own: built, tried before training, and given the config's optimizer if it has none."""

import warnings
from collections.abc import Mapping, Sequence
from pkgutil import resolve_name
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers.logger import DummyLogger
from pytorch_lightning.utilities.model_helpers import is_overridden
from pytorch_lightning.utilities.seed import isolate_rng
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from akshar.config.build import build
from akshar.config.monitor import EPOCH
from akshar.config.schema import Part, TrainConfig
from akshar.errors import UsageError
from akshar.models.classifier import Classifier, total_steps
from akshar.models.data_arguments import taken_of
from akshar.models.parameters import parameter_groups
from akshar.training.callbacks.plateau import PlateauSchedule
from akshar.training.hardware import Hardware
from akshar.training.parts import bare_trainer, optimizer_maker, schedule_maker

STEPS = ("training_step", "validation_step")  # what a module must have


def build_own_module(model: Part, offered: Mapping[str, object]) -> tuple[Part, pl.LightningModule]:
    """Build the module.

    Args:
        model: of the config.
        offered: arguments from the data, for those that the module's signature names and the config does not set.

    Returns:
        The part with those arguments, and the module.

    Raises:
        UsageError: it has no step that training or validation calls.
    """
    taken = taken_of(offered, resolve_name(model.target))
    part = model.with_arguments(**taken | model.arguments)
    module = build("model", part)
    name = type(module).__name__
    for step in STEPS:
        if not is_overridden(step, module):
            raise UsageError(f"model: {name} has no {step}; a LightningModule needs {' and '.join(STEPS)}")
    return part, module


def use_configured_optimizer(module: pl.LightningModule, config: TrainConfig) -> None:
    """Give a module without `configure_optimizers` the optimizer and the schedule of the config."""
    make_optimizer, make_schedule = optimizer_maker(config), schedule_maker(config)
    plateau, callbacks_of_module = PlateauSchedule(config.monitor), module.configure_callbacks

    def configure_optimizers() -> Any:
        optimizer = make_optimizer(parameter_groups(module))
        if make_schedule is None:
            return optimizer
        schedule = make_schedule(optimizer, total_steps(module.trainer))
        if isinstance(schedule, ReduceLROnPlateau):
            plateau.schedule = schedule
            return optimizer
        return [optimizer], [{"scheduler": schedule, "interval": config.scheduler.interval}]

    def configure_callbacks() -> list[pl.Callback]:
        own = callbacks_of_module()
        return [*(own if isinstance(own, Sequence) else [own]), plateau]

    module.configure_optimizers, module.configure_callbacks = configure_optimizers, configure_callbacks


def check_monitor(
    module: pl.LightningModule, data: pl.LightningDataModule, hardware: Hardware, monitor: str
) -> None:
    """Validate one batch, and see whether the module logs the monitored metric; its weights stay as they are.

    A metric of training is not logged yet, and is looked for after the first epoch.

    Raises:
        UsageError: it is not among those that were logged.
    """
    with isolate_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings that do not apply to a trial batch
        tester = bare_trainer(hardware, DummyLogger(), limit_val_batches=1)
        tester.validate(module, datamodule=data, verbose=False)
    logged = [str(name) for name in tester.callback_metrics]
    if monitor not in logged and monitor != EPOCH and "train" not in monitor:
        name, found = type(module).__name__, ", ".join(sorted(logged)) or "nothing"
        raise UsageError(
            f"monitor={monitor}: {name} logs {found} in validation; monitor one of these, or log {monitor} there "
            "with self.log"
        )


def gives_logits(module: pl.LightningModule, num_classes: int, shape: tuple[int, ...]) -> bool:
    """Whether `forward` of two blank images of a shape (C, H, W) gives logits (2, num_classes)."""
    was_training = module.training
    module.eval()
    try:
        with isolate_rng(), torch.no_grad():
            logits = Classifier(module)(torch.zeros(2, *shape))  # as it is called later
    except Exception:  # whatever a forward raises that is made for something else
        return False
    finally:
        module.train(was_training)
    return isinstance(logits, Tensor) and tuple(logits.shape) == (2, num_classes)
