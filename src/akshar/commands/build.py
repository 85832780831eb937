"""The parts of an experiment, each made from its part of the settings."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from hydra.utils import instantiate
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from torch import nn

from akshar.data.module import CharacterData
from akshar.errors import BadRequest
from akshar.models.classifier import Classifier
from akshar.runs.checkpoint import KEY, PlainContents, WholeFileCheckpointIO, net_weights, read_checkpoint
from akshar.runs.history import History, Progress, direction
from akshar.runs.record import RunFolder
from akshar.runs.tensorboard import RunLogger

PREPROCESSING = {"side": 32, "border": 2, "ink": "white on black", "mean": 0.5, "std": 0.5}


def build_data(settings: dict[str, Any]) -> CharacterData:
    """The images, split, with their augmentation."""
    data = settings["data"]
    return CharacterData(
        instantiate(data["source"], _convert_="all"),
        instantiate(settings["augment"], _convert_="all"),
        batch_size=data["batch_size"],
        val_fraction=data["val_fraction"],
        folds=data["folds"],
        fold=data["fold"],
        split=data["split"],
        split_seed=data["split_seed"],
        seed=settings["seed"],
    )


def build_net(settings: dict[str, Any], num_classes: int) -> nn.Module:
    """The network, with new weights."""
    try:
        return instantiate(settings["model"], num_classes=num_classes, _convert_="all")
    except Exception as error:
        raise BadRequest(f"model: {error.__cause__ or error}") from error


def build_classifier(settings: dict[str, Any], net: nn.Module) -> Classifier:
    """The LightningModule around a network."""
    schedule = dict(settings["scheduler"])
    interval = schedule.pop("interval", "step")

    def make_schedule(optimizer: torch.optim.Optimizer, steps: int) -> Any:
        filled = {key: steps if value == "steps" else value for key, value in schedule.items()}
        return instantiate(filled, _convert_="all")(optimizer)

    return Classifier(
        # Lightning moves data and net to the device; this layout makes convolutions faster on CPU and GPU.
        net.to(memory_format=torch.channels_last),  # pyright: ignore[reportCallIssue]
        optimizer=instantiate(settings["optimizer"], _convert_="all"),
        schedule=make_schedule if schedule.get("_target_") else None,
        schedule_interval=interval,
        monitor=settings["monitor"],
        label_smoothing=settings["label_smoothing"],
    )


def load_classifier(model: str) -> tuple[Classifier, tuple[str, ...]]:
    """A trained network in eval mode and its class names, from nothing but a checkpoint.

    Args:
        model: a run's folder, or a checkpoint file.

    Raises:
        BadRequest: not a checkpoint, or one of a network that cannot be imported here.
    """
    checkpoint = read_checkpoint(model)
    contents = checkpoint[KEY]
    classes = tuple(contents["classes"])
    net = build_net(contents["config"], len(classes))
    net.load_state_dict(net_weights(checkpoint))
    return Classifier(net).eval(), classes


def build_trainer(
    settings: dict[str, Any],
    folder: RunFolder,
    history: History,
    logger: RunLogger | None,
    classes: tuple[str, ...],
) -> pl.Trainer:
    """Lightning's Trainer with what every run has, and the callbacks that were asked for."""
    contents = PlainContents(settings, classes, PREPROCESSING)
    asked = [instantiate(node, _convert_="all") for node in settings["callbacks"].values() if node]
    callbacks: list[Callback] = [
        *asked,
        contents,
        history,
        Progress(),
        best_and_last(folder, settings["monitor"]),
    ]
    return instantiate(
        settings["trainer"] | {"precision": precision(settings)},
        _convert_="all",
        default_root_dir=str(folder.path),
        logger=logger or False,
        callbacks=callbacks,
        plugins=[WholeFileCheckpointIO()],
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def build_tester(settings: dict[str, Any]) -> pl.Trainer:
    """A Trainer that only evaluates: on one device, where every image is counted once."""
    return pl.Trainer(
        accelerator=settings["trainer"]["accelerator"],
        devices=1,
        precision=precision(settings),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def best_and_last(folder: RunFolder, monitor: str) -> ModelCheckpoint:
    """Keeps two files: the best epoch by the monitored metric, and the last."""
    checkpoint = ModelCheckpoint(
        dirpath=folder.checkpoints,
        filename="best",
        monitor=monitor,
        mode=direction(monitor),
        save_last=True,
        auto_insert_metric_name=False,
        enable_version_counter=False,
    )
    checkpoint.CHECKPOINT_NAME_LAST = "last"
    return checkpoint


def precision(settings: dict[str, Any]) -> Any:
    """The config's precision; "auto" is bf16-mixed where the device computes bf16 natively, else 32-true."""
    asked = settings["trainer"]["precision"]
    if asked != "auto":
        return asked
    accelerator = settings["trainer"]["accelerator"]
    if accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    elif accelerator == "cpu" or not torch.backends.mps.is_available():
        native = cpu_has_bf16()
    else:
        native = False
    return "bf16-mixed" if native else "32-true"


def cpu_has_bf16() -> bool:
    """Whether the processor multiplies bf16 itself (AVX-512 BF16 or AMX)."""
    try:
        flags = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags"))
    except (OSError, StopIteration):
        return False
    return bool({"avx512_bf16", "amx_bf16"} & {*flags.split()})
