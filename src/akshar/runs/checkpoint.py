"""Checkpoints that are plain data: written beside and renamed, read without running anything in them."""

import os
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn

from akshar.errors import BadRequest

FORMAT = 1
KEY = "akshar"  # of our own part of a checkpoint: format, config, classes, preprocessing, temperature
NET = "net."  # prefix of the network's weights in Lightning's state_dict


class PlainContents(Callback):
    """Adds to every checkpoint what it takes to use it without anything else.

    Args:
        config: of the run, plain values.
        classes: names in the order of the logits.
        preprocessing: how images reach the net, plain values.
    """

    def __init__(self, config: dict[str, Any], classes: tuple[str, ...], preprocessing: dict[str, Any]):
        self.contents = {
            "format": FORMAT,
            "config": config,
            "classes": list(classes),
            "preprocessing": preprocessing,
            "temperature": None,
        }

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Adds the contents."""
        checkpoint[KEY] = self.contents


class WholeFileCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoint files, but never half-written: also on a full disk the old file stays."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Writes a checkpoint whole."""
        write_checkpoint(checkpoint, Path(path))


def write_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Writes beside the file's place, syncs and renames."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_checkpoint(model: str | Path) -> dict[str, Any]:
    """Reads a checkpoint of ours.

    Args:
        model: a checkpoint file, or a run's folder (its best checkpoint).

    Raises:
        BadRequest: no such file, or one that is no checkpoint of this format; the message names it.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        path = path / "checkpoints" / "best.ckpt"
    if not path.is_file():
        raise BadRequest(f"{path}: no such checkpoint")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a file that is no checkpoint, or one with code in it
        raise BadRequest(f"{path}: not a checkpoint of plain data ({type(error).__name__})") from error
    if not isinstance(checkpoint, dict) or KEY not in checkpoint:
        raise BadRequest(f"{path}: not a checkpoint of akshar")
    if checkpoint[KEY]["format"] != FORMAT:
        raise BadRequest(f"{path}: checkpoint format {checkpoint[KEY]['format']}, this version reads {FORMAT}")
    return checkpoint


def net_weights(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    """The network's own state_dict in a checkpoint."""
    state = checkpoint["state_dict"]
    return {name.removeprefix(NET): value for name, value in state.items() if name.startswith(NET)}


def start_from(net: nn.Module, model: str, classes: tuple[str, ...]) -> list[str]:
    """Loads the weights of `model` into `net`; the last layer stays new where the classes are others.

    Returns:
        Names of the parameters that stay as they were initialised.

    Raises:
        BadRequest: not a checkpoint, or one of another network.
    """
    try:
        checkpoint = read_checkpoint(model)
    except BadRequest as error:
        raise BadRequest(f"init_from={model}: {error}") from error
    weights, own = net_weights(checkpoint), net.state_dict()
    same_classes = tuple(checkpoint[KEY]["classes"]) == classes
    last_layer = [name for name, module in net.named_modules() if list(module.parameters(recurse=False))][-1]
    fresh = [name for name in own if name.rpartition(".")[0] == last_layer and name in weights and not same_classes]
    differing = sorted(
        name
        for name in {*own, *weights} - {*fresh}
        if name not in own or name not in weights or own[name].shape != weights[name].shape
    )
    if differing:
        raise BadRequest(
            f"init_from={model}: its network is another one (they differ in {', '.join(differing[:3])}"
            f"{' ...' if len(differing) > 3 else ''}); choose the model it was trained with"
        )
    net.load_state_dict({name: value for name, value in weights.items() if name not in fresh}, strict=False)
    return fresh
