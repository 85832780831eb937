"""Builds the parts of a run, each from its section of the config."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning.callbacks import Callback, ProgressBar
from pytorch_lightning.loggers import Logger
from torch import Tensor, nn

from akshar.config.build import build
from akshar.config.monitor import is_cross_entropy
from akshar.config.schema import AnyDataConfig, DataModuleConfig, Part, TrainConfig
from akshar.data.module import Augmentation, ImageDataModule
from akshar.errors import UsageError
from akshar.models.classifier import Classifier, MakeOptimizer, MakeSchedule
from akshar.models.data_arguments import data_arguments
from akshar.models.parameters import LR_FACTOR
from akshar.runs.load_data import load_data
from akshar.training.callbacks.checkpointing import AtomicCheckpointIO
from akshar.training.fine_tuning import freeze_parts
from akshar.training.hardware import Hardware
from akshar.training.loss_and_metrics import build_loss, build_metrics
from akshar.training.rank_channel import cluster_environment

RATES = frozenset({"max_lr", "base_lr"})  # arguments of schedules that take the place of the optimizer's lr
LOG_OF_ONE = 0.01  # largest deviation from 0 of the log of a sum of probabilities


def build_data(config: TrainConfig) -> pl.LightningDataModule:
    """Load the images, split them, and add the augmentation; or build the LightningDataModule of the user's own."""
    augment = None if isinstance(config.data, DataModuleConfig) else build("augment", config.augment)
    return build_data_module(config.data, augment, config.seed)


def build_data_module(data: AnyDataConfig, augment: Augmentation | None, seed: int) -> pl.LightningDataModule:
    """Build the data module of a config's `data`; augmentation and seed are for akshar's own."""
    if isinstance(data, DataModuleConfig):
        return build("data", data)
    return ImageDataModule(
        load_data(data),
        augment,
        batch_size=data.batch_size,
        val_fraction=data.val_fraction,
        folds=data.folds,
        fold=data.fold,
        split=data.split,
        split_seed=data.split_seed,
        seed=seed,
    )


def complete_model(model: Part, num_classes: int, shape: Sequence[int]) -> Part:
    """Add the data's values that a network's signature takes and the config does not set."""
    offered = data_arguments(resolve_name(model.target), num_classes, shape)
    return model.with_arguments(**{key: value for key, value in offered.items() if key not in model.arguments})


def build_network(model: Part) -> nn.Module:
    """Build the network with new weights.

    Raises:
        UsageError: the target does not return an `nn.Module`.
    """
    net = build("model", model)
    if not isinstance(net, nn.Module):
        raise UsageError(f"model: must be an nn.Module, not {type(net).__name__}")
    return net


def optimizer_maker(config: TrainConfig) -> MakeOptimizer:
    """Return a function that builds the config's optimizer for parameter groups."""

    def make_optimizer(groups: Any) -> torch.optim.Optimizer:
        optimizer = build("optimizer", config.optimizer, groups)
        for group in optimizer.param_groups:
            if LR_FACTOR in group:
                group["lr"] *= group[LR_FACTOR]
        return optimizer

    return make_optimizer


def schedule_maker(config: TrainConfig) -> MakeSchedule | None:
    """Return a function that builds the config's schedule for an optimizer and a number of steps, or None."""
    scheduler = config.scheduler

    def make_schedule(optimizer: torch.optim.Optimizer, steps: int) -> Any:
        filled = {key: steps if value == "steps" else value for key, value in scheduler.arguments.items()}
        factors = [group.get(LR_FACTOR) for group in optimizer.param_groups]
        for key in RATES.intersection(filled) if any(factors) else ():
            if isinstance(rate := filled[key], int | float):  # a list has one for each group already
                filled[key] = [rate * (factor or 1) for factor in factors]
        try:
            return build("scheduler", scheduler.with_arguments(**filled), optimizer)
        except UsageError as error:
            reason = getattr(error.__cause__, "__cause__", None)
            if not isinstance(reason, ArithmeticError):
                raise
            raise UsageError(
                f"scheduler: cannot be planned for the {steps} optimizer steps of this run ({reason}); raise "
                "trainer.max_epochs, lower data.batch_size, or set scheduler=none"
            ) from error

    return make_schedule if scheduler.target else None


def build_classifier(config: TrainConfig, net: nn.Module, class_counts: Tensor) -> Classifier:
    """Wrap a network in the LightningModule that trains it.

    Args:
        config: of the run.
        net: the network.
        class_counts: number of training images of each class, int64 (K,).

    Raises:
        UsageError: loss, metrics, optimizer or schedule cannot be built.
    """
    warnings.filterwarnings("ignore", ".*use `self.log.*sync_dist=True.*")  # each process logs the same values
    make_optimizer = optimizer_maker(config)
    classifier = Classifier(
        # Lightning moves data and network to the device; this layout makes convolutions faster on CPU and GPU.
        net.to(memory_format=torch.channels_last),  # pyright: ignore[reportCallIssue]
        optimizer=make_optimizer,
        schedule=schedule_maker(config),
        schedule_interval=config.scheduler.interval,
        monitor=config.monitor,
        loss=build_loss(config.loss, class_counts),
        logs_criterion=not is_cross_entropy(config.to_record()),
        metrics=build_metrics(config.metrics, len(class_counts)),
        frozen=freeze_parts(net, config),
        lr_factors=config.lr_factors,
    )
    # Arguments that cannot work are found now, not after the first epoch.
    optimizer = make_optimizer(classifier.parameter_groups())
    if classifier.make_schedule is not None:
        classifier.make_schedule(optimizer, 100)
    return classifier


def check_output(classifier: Classifier, num_classes: int, shape: Sequence[int]) -> None:
    """Pass two blank images of a shape (C, H, W) through the network and check the shape of its logits.

    Raises:
        UsageError: the network does not give one logit per class, or not what its loss takes.
    """
    classifier.eval()
    with torch.no_grad():
        try:
            logits = classifier(torch.zeros(2, *shape))
            returned = tuple(logits.shape)
        except Exception as error:
            raise UsageError(
                f"model: does not take images of shape (N, {', '.join(map(str, shape))}): {error}"
            ) from error
    if returned != (2, num_classes):
        raise UsageError(f"model: returns {returned} for 2 images; must be (2, {num_classes}), one logit per class")
    if isinstance(classifier.loss, nn.NLLLoss) and not bool((logits.logsumexp(1).abs() < LOG_OF_ONE).all()):
        raise UsageError(
            "loss: NLLLoss takes log-probabilities, and this network returns logits; choose loss=cross_entropy, "
            "which is the same of logits"
        )
    classifier.train()


def build_callbacks(config: TrainConfig) -> list[Callback]:
    """Build the config's callbacks.

    Raises:
        UsageError: one of them is not a callback.
    """
    callbacks = [build(f"callbacks.{name}", part) for name, part in config.callbacks.items() if part is not None]
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise UsageError(f"callbacks: {type(callback).__name__} is not a Callback of pytorch_lightning")
    return callbacks


def build_trainer(
    config: TrainConfig, hardware: Hardware, run_dir: Path, callbacks: Sequence[Callback], loggers: Iterable[Logger]
) -> pl.Trainer:
    """Build Lightning's Trainer; what the config says of it stands, except what `config/reserved.py` refuses."""
    several = hardware.world_size > 1
    strategy = config.trainer.arguments.get("strategy", "auto")
    has_bar = any(isinstance(callback, ProgressBar) for callback in callbacks)
    trainer = build(
        "trainer",
        config.trainer.with_arguments(
            devices=hardware.devices, num_nodes=hardware.num_nodes, precision=hardware.precision
        ),
        default_root_dir=str(run_dir),
        logger=False,
        callbacks=[*callbacks],
        plugins=[AtomicCheckpointIO(), cluster_environment() if several else LightningEnvironment()],
        strategy=("ddp" if strategy == "auto" else strategy) if several else "auto",
        # Our loader gives each process its share; Lightning divides any other DataLoader
        use_distributed_sampler=isinstance(config.data, DataModuleConfig),
        num_sanity_val_steps=0,
        enable_checkpointing=True,
        # Lightning refuses a bar among the callbacks where the config wants none; without one it would add its own
        enable_progress_bar=has_bar and config.trainer.enable_progress_bar is not False,
        enable_model_summary=bool(config.trainer.enable_model_summary),
    )
    trainer.loggers = [*loggers]  # Hydra would look into them, and some have every attribute that is asked for
    return trainer


def bare_trainer(hardware: Hardware, logger: Logger | None = None, **options: Any) -> pl.Trainer:
    """Build a Trainer on one device that saves, logs and shows nothing: to evaluate, or to compare with.

    Args:
        hardware: accelerator and precision.
        logger: for a module of one's own, which may expect one.
        options: more of Lightning's own.
    """
    return pl.Trainer(
        accelerator=hardware.accelerator,
        devices=1,
        precision=hardware.precision,  # pyright: ignore[reportArgumentType]
        logger=logger or False,
        plugins=[LightningEnvironment()],  # also where this process is one of several
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )
