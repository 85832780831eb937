"""The parts of an experiment, each made from its part of the settings."""

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from pytorch_lightning.callbacks import Callback
from torch import nn

from akshar.data.image_set import TrainTest
from akshar.data.module import ImageDataModule
from akshar.errors import UsageError
from akshar.models.classifier import Classifier, parameter_groups
from akshar.pictures.frame import SIDE
from akshar.runs.checkpoint import AtomicCheckpointIO
from akshar.runs.tensorboard import RunLogger

# Values of oneDNN's ONEDNN_MAX_CPU_ISA that exclude bf16 products:
# https://uxlfoundation.github.io/oneDNN/dev_guide_cpu_dispatcher_control.html
ISA_WITHOUT_BF16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}


def make(part: str, node: dict[str, Any], *given: Any, **named: Any) -> Any:
    """Builds what a node's `_target_` names.

    Raises:
        UsageError: naming the part, with the target's own reason.
    """
    try:
        return instantiate(node, *given, _convert_="all", **named)
    except InstantiationException as error:
        raise UsageError(f"{part}: {error.__cause__ or error}") from error


def build_data(settings: dict[str, Any]) -> ImageDataModule:
    """The images, split, with their augmentation."""
    data = settings["data"]
    return ImageDataModule(
        dataset_of(settings),
        make("augment", settings["augment"]),
        batch_size=data["batch_size"],
        val_fraction=data["val_fraction"],
        folds=data["folds"],
        fold=data["fold"],
        split=data["split"],
        split_seed=data["split_seed"],
        seed=settings["seed"],
    )


def dataset_of(settings: dict[str, Any]) -> TrainTest:
    """The images that the settings name."""
    return load_dataset(json.dumps(settings["data"]["source"]))


@lru_cache(maxsize=1)
def load_dataset(source: str) -> TrainTest:
    """The images of a `data.source` node, as JSON; the jobs of a sweep share them.

    `load_dataset.cache_clear()` begins anew, where files may have changed.
    """
    return make("data.source", json.loads(source)).load()


def build_net(settings: dict[str, Any], num_classes: int) -> nn.Module:
    """The network, with new weights."""
    net = make("model", settings["model"], num_classes=num_classes)
    if not isinstance(net, nn.Module):
        raise UsageError(f"model: must give an nn.Module, not {type(net).__name__}")
    return net


def build_classifier(settings: dict[str, Any], net: nn.Module) -> Classifier:
    """The LightningModule around a network."""
    schedule = dict(settings["scheduler"])
    interval = schedule.pop("interval", "step")

    def make_optimizer(groups: Any) -> torch.optim.Optimizer:
        return make("optimizer", settings["optimizer"] | {"_partial_": False}, groups)

    def make_schedule(optimizer: torch.optim.Optimizer, steps: int) -> Any:
        filled = {key: steps if value == "steps" else value for key, value in schedule.items()}
        return make("scheduler", filled | {"_partial_": False}, optimizer)

    classifier = Classifier(
        # Lightning moves data and net to the device; this layout makes convolutions faster on CPU and GPU.
        net.to(memory_format=torch.channels_last),  # pyright: ignore[reportCallIssue]
        optimizer=make_optimizer,
        schedule=make_schedule if schedule.get("_target_") else None,
        schedule_interval=interval,
        monitor=settings["monitor"],
        label_smoothing=settings["label_smoothing"],
    )
    # What cannot work is found now, not after the first epoch.
    optimizer = make_optimizer(parameter_groups(net))
    if classifier.make_schedule is not None:
        classifier.make_schedule(optimizer, 100)
    return classifier


def check_output(classifier: Classifier, num_classes: int) -> None:
    """Passes two blank images through the net and looks at the logits' shape.

    Raises:
        UsageError: the net does not give one logit a class.
    """
    classifier.eval()
    with torch.no_grad():
        try:
            shape = tuple(classifier(torch.zeros(2, 1, SIDE, SIDE)).shape)
        except Exception as error:
            raise UsageError(f"model: takes no images of (N, {classifier.channels}, 32, 32): {error}") from error
    if shape != (2, num_classes):
        raise UsageError(f"model: gives {shape} for 2 images, not (2, {num_classes}): one logit a class")
    classifier.train()


def build_trainer(
    settings: dict[str, Any], folder: Path, callbacks: list[Callback], logger: RunLogger | None
) -> pl.Trainer:
    """Lightning's Trainer with the callbacks given, after those that were asked for."""
    asked = [make(f"callbacks.{name}", node) for name, node in settings["callbacks"].items() if node]
    for callback in asked:
        if not isinstance(callback, Callback):
            raise UsageError(f"callbacks: {type(callback).__name__} is no pytorch_lightning Callback")
    # Under Slurm a signal asks a run to stop and `resume=` goes on; Lightning's requeue would be a second way.
    several = settings["trainer"]["devices"] > 1
    cluster = [SLURMEnvironment(auto_requeue=False)] if SLURMEnvironment.detect() and not several else []
    cluster = [LightningEnvironment()] if several else cluster  # whose processes `DDPLauncher` begins
    return make(
        "trainer",
        settings["trainer"],
        default_root_dir=str(folder),
        logger=logger or False,
        callbacks=[*asked, *callbacks],
        plugins=[AtomicCheckpointIO(), *cluster],
        strategy="ddp" if several else "auto",
        use_distributed_sampler=False,  # batches are shared out by themselves
        num_sanity_val_steps=0,
        enable_checkpointing=True,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def build_tester(settings: dict[str, Any]) -> pl.Trainer:
    """A Trainer that only evaluates: on one device, where every image is counted once."""
    return pl.Trainer(
        accelerator=settings["trainer"]["accelerator"],
        devices=1,
        precision=settings["trainer"]["precision"],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


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


def devices(settings: dict[str, Any]) -> int:
    """How many devices the config asks for; "auto" is every GPU, or one where there is none."""
    asked = settings["trainer"]["devices"]
    if asked != "auto":
        return asked
    gpus = torch.cuda.device_count() if settings["trainer"]["accelerator"] in ("auto", "gpu", "cuda") else 0
    return max(1, gpus)


def cpu_has_bf16() -> bool:
    """Returns whether this process can multiply bf16 natively (AVX-512 BF16 or AMX).

    The processor must have the instructions, and neither PyTorch (`ATEN_CPU_CAPABILITY`) nor oneDNN
    (`ONEDNN_MAX_CPU_ISA`) may be limited to an older set: bf16 is then emulated, hundreds of times slower.
    """
    isa = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or "DEFAULT"
    if isa.upper() in ISA_WITHOUT_BF16 or torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "NO AVX", "AVX2"):
        return False
    try:
        flags = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags"))
    except (OSError, StopIteration):
        return False
    return bool({"avx512_bf16", "amx_bf16"} & {*flags.split()})
