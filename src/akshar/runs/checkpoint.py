"""Checkpoints: plain data with a version and a digest, written whole, and read without running anything in them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, cast

import torch
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from akshar.data.card import DatasetCard
from akshar.errors import AksharError, UsageError
from akshar.files import atomic_file, is_full, printable
from akshar.pictures.input_spec import InputSpec
from akshar.renamed import upgrade_config
from akshar.runs.card_of import card_of
from akshar.runs.plain_data import load_plain
from akshar.untrusted import parse_yaml

FORMAT = 3
OLD_FORMAT = 2  # of akshar 0.1: its networks are read, its runs are not resumed
KEY = "akshar"  # our part of a checkpoint; the rest is Lightning's
NETWORK: Literal["net."] = "net."  # prefix of the network's weights in Lightning's state_dict
HISTORY = "history"  # key of the history callback's state


def _check_config(text: str) -> str:
    if not isinstance(parse_yaml(text), dict):
        raise ValueError("not a mapping")
    return text


class Contents(BaseModel):
    """Our part of a checkpoint: what it takes to use the network without anything else.

    Attributes:
        format: version of this format.
        network: `_target_` and arguments of the network, plain values.
        prefix: of the network's weights in Lightning's state_dict; empty for a LightningModule of one's own.
        classes: names in the order of the logits; None where the data did not name them.
        input_spec: how pictures become its input, see `InputSpec.to_record`; None where the data did not say.
        card: of the data that it was trained on, see `DatasetCard.to_record`.
        temperature: > 0; divides the logits for calibrated confidence; None before it was fitted.
        config: of the run, YAML; kept as a record and never built from.
        digest: sha256 over the whole checkpoint but this key.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    format: int
    network: dict[str, Any]
    prefix: Literal["net.", ""] = NETWORK
    classes: Annotated[list[str], Field(min_length=2)] | None
    input_spec: dict[str, Any] | None
    card: dict[str, Any]
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None
    config: Annotated[str, AfterValidator(_check_config)]
    digest: str = ""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory.

    Attributes:
        path: of its file.
        contents: our part, in today's format.
        weights: the network's own state_dict.
        lightning: the whole checkpoint as Lightning wrote it.
        format: version that the file has.
    """

    path: Path
    contents: Contents
    weights: dict[str, Tensor]
    lightning: dict[str, Any]
    format: int

    @property
    def history(self) -> list[dict[str, float]]:
        """One row per epoch, see `akshar.training.callbacks.history`."""
        callbacks = self.lightning.get("callbacks", {})
        return callbacks.get(HISTORY if self.format == FORMAT else "History", {}).get("rows", [])

    @property
    def config(self) -> dict[str, Any]:
        """The run's config as plain values, under today's keys."""
        return upgrade_config(parse_yaml(self.contents.config), warn=False)


def write_checkpoint(lightning: dict[str, Any], path: Path) -> None:
    """Write a checkpoint with its digest, or leave the old file.

    Args:
        lightning: as Lightning makes it, with our part under `KEY`.
        path: of the file.

    Raises:
        AksharError: the disk is full.
    """
    lightning[KEY]["digest"] = ""
    lightning[KEY]["digest"] = content_digest(lightning)
    try:
        with atomic_file(path) as file:
            target = _Remembering(file)
            try:
                torch.save(lightning, cast(BinaryIO, target))
            except Exception as error:  # torch's own error does not say that the disk is full
                raise target.error or error from error
    except OSError as error:
        if not is_full(error):
            raise
        raise AksharError(f"{path}: no space left for it; the last complete checkpoint is kept") from error


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


def read_checkpoint(model: str | Path) -> Checkpoint:
    """Read a checkpoint as plain data: nothing in it is run.

    Args:
        model: a checkpoint file, or a run's folder (its best checkpoint).

    Raises:
        UsageError: no such file, not a checkpoint of akshar, of an unknown format, or damaged.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        path = path / "checkpoints" / "best.ckpt"
    if not path.is_file():
        raise UsageError(f"{path}: no such checkpoint; `akshar runs` lists the runs")
    lightning = load_plain(path)
    if not isinstance(lightning, dict):
        raise UsageError(f"{path}: not a checkpoint of akshar")
    record, state = lightning.get(KEY), lightning.get("state_dict")
    if not isinstance(record, dict) or not isinstance(state, dict) or not all(map(_is_weight, state.items())):
        raise UsageError(f"{path}: not a checkpoint of akshar")
    contents = read_contents(path, record)
    if record["format"] == FORMAT and content_digest(lightning) != contents.digest:
        raise UsageError(f"{path}: damaged (its content does not match its digest)")
    prefix = contents.prefix
    weights = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    return Checkpoint(path, contents, weights, lightning, record["format"])


def read_contents(path: Path, record: dict[str, Any]) -> Contents:
    """Check our part of a file, and bring one of akshar 0.1 into today's form.

    Raises:
        UsageError: of an unknown format, or with something missing; the message names the file.
    """
    version = record.get("format")
    if version not in (FORMAT, OLD_FORMAT) or isinstance(version, bool):
        found = printable(repr(version))[:20]
        raise UsageError(
            f"{printable(path)}: checkpoint format {found}; this version reads {OLD_FORMAT} and {FORMAT}"
        )
    try:
        contents = Contents.model_validate(record if version == FORMAT else _upgraded(path, record))
        if contents.input_spec is not None:
            InputSpec.from_record(contents.input_spec)
        DatasetCard.from_record(contents.card)
    except ValidationError as error:
        place = printable(".".join(map(str, error.errors()[0]["loc"])))
        raise UsageError(f"{printable(path)}: not a complete model of akshar (its {place} is wrong)") from error
    except (ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{printable(path)}: not a complete model of akshar ({printable(error)})") from error
    return contents


def _upgraded(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Bring the contents of a checkpoint of akshar 0.1 into today's form."""
    config = record.get("config")
    if not isinstance(config, dict):
        raise UsageError(f"{printable(path)}: not a complete model of akshar (its config is wrong)")
    config = upgrade_config(config, warn=False)
    return {
        "format": FORMAT,
        "network": config.get("model"),
        "classes": record.get("classes"),
        "input_spec": InputSpec.from_record(record.get("preprocessing")).to_record(),
        "card": card_of(config).to_record(),
        "temperature": record.get("temperature"),
        "config": yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
    }


def content_digest(node: object) -> str:
    """Sha256 over plain values and tensors, nested to any depth, in their order.

    The digest that a checkpoint holds under `KEY` is left out.
    """
    digest = hashlib.sha256()
    if isinstance(node, Mapping) and isinstance(node.get(KEY), Mapping):
        node = {**node, KEY: {key: value for key, value in node[KEY].items() if key != "digest"}}

    def feed(node: object) -> None:
        if isinstance(node, Tensor):
            digest.update(f"{node.dtype}{tuple(node.shape)}".encode())
            digest.update(node.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        elif isinstance(node, Mapping):
            digest.update(b"{")
            for key, value in node.items():
                feed(key)
                feed(value)
        elif isinstance(node, list | tuple):
            digest.update(b"[")
            for value in node:
                feed(value)
        else:
            digest.update(json.dumps(repr(node)).encode())
        digest.update(b";")

    feed(node)
    return digest.hexdigest()


def differing_weights(own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> list[str]:
    """List the names that only one of two state_dicts has, or whose shapes differ; sorted."""
    return sorted(
        name
        for name in {*own, *weights}
        if name not in own or name not in weights or own[name].shape != weights[name].shape
    )


def weights_digest(weights: Mapping[str, Tensor]) -> str:
    """Sha256 over the names and values of a network's state_dict."""
    digest = hashlib.sha256()
    for name, value in sorted(weights.items()):
        digest.update(name.encode())
        digest.update(value.contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _is_weight(pair: tuple[Any, Any]) -> bool:
    return isinstance(pair[0], str) and isinstance(pair[1], Tensor)
