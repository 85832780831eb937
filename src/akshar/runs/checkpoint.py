"""Checkpoints that are plain data: written beside and renamed, read without running anything in them."""

import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import torch
from lightning_fabric.plugins import TorchCheckpointIO
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from akshar.errors import AksharError, UsageError
from akshar.files import atomic_file, is_full, printable

FORMAT = 2
KEY = "akshar"  # of our own part of a checkpoint: format, config, classes, preprocessing, temperature
NET = "net."  # prefix of the network's weights in Lightning's state_dict


class Contents(BaseModel):
    """Our own part of a checkpoint, as it has to be."""

    model_config = ConfigDict(strict=True)

    format: int
    config: dict[str, Any]
    classes: Annotated[list[str], Field(min_length=2)]
    preprocessing: dict[str, str | int | float]
    temperature: float | None


class CheckpointContents(Callback):
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


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoint files, but never half-written: also on a full disk the old file stays."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Writes a checkpoint whole."""
        write_checkpoint(checkpoint, Path(path))


def write_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Writes a checkpoint whole, or leaves the old one.

    Raises:
        AksharError: the disk is full.
    """
    try:
        with atomic_file(path) as file:
            target = _Remembering(file)
            try:
                torch.save(checkpoint, cast(BinaryIO, target))
            except Exception as error:  # what torch makes of a full disk does not say so
                raise target.error or error from error
    except OSError as error:
        if not is_full(error):
            raise
        raise AksharError(f"{path}: no room for it; the last whole checkpoint stays") from error


class _Remembering:
    """A file that remembers why it could not be written."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.error: OSError | None = None

    def write(self, content: Any) -> int:
        try:
            return self.file.write(content)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.file.flush()


def read_checkpoint(model: str | Path) -> dict[str, Any]:
    """Reads a checkpoint of ours, as plain data: nothing in it is run.

    Args:
        model: a checkpoint file, or a run's folder (its best checkpoint).

    Raises:
        UsageError: no such file, or one that is no checkpoint of this format; the message names it.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        path = path / "checkpoints" / "best.ckpt"
    if not path.is_file():
        raise UsageError(f"{path}: no such checkpoint; `akshar runs` lists the runs")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what torch finds odd in a file that it then refuses
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a file that is no checkpoint, or one with code in it
        code = "weights_only" in str(error) and "Unsupported operand" not in str(error)  # the latter: no pickle
        reason = "it holds code, which is not run" if code else "it is damaged, or something else"
        raise UsageError(f"{path}: not a checkpoint of plain data ({reason})") from error
    contents = checkpoint.get(KEY) if isinstance(checkpoint, dict) else None
    weights = checkpoint.get("state_dict") if isinstance(checkpoint, dict) else None
    if not isinstance(contents, dict) or not isinstance(weights, dict) or not all(map(_is_weight, weights.items())):
        raise UsageError(f"{path}: not a checkpoint of akshar")
    check_contents(path, contents)
    return checkpoint


def check_contents(path: Path, contents: dict[str, Any]) -> None:
    """Checks our own part of a file.

    Raises:
        UsageError: it is of another format, or not whole; the message names the file.
    """
    if contents.get("format") != FORMAT:
        found = printable(repr(contents.get("format")))[:20]
        raise UsageError(f"{printable(path)}: checkpoint format {found}; this version reads {FORMAT}")
    try:
        Contents.model_validate(contents)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise UsageError(
            f"{printable(path)}: not a whole model of akshar (its {printable(place)} is wrong)"
        ) from error


def net_weights(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    """The network's own state_dict in a checkpoint."""
    state = checkpoint["state_dict"]
    return {name.removeprefix(NET): value for name, value in state.items() if name.startswith(NET)}


def weights_digest(weights: Mapping[str, Tensor]) -> str:
    """Sha256 over the names and values of a network's state_dict."""
    digest = hashlib.sha256()
    for name, value in sorted(weights.items()):
        digest.update(name.encode())
        digest.update(value.contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _is_weight(pair: tuple[Any, Any]) -> bool:
    return isinstance(pair[0], str) and isinstance(pair[1], Tensor)
