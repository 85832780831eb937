"""Weights as safetensors, with what it takes to rebuild their network in the header; nothing in it can run."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from akshar.errors import UsageError
from akshar.extras import require_packages
from akshar.files import parse_json, printable
from akshar.runs.checkpoint import Checkpoint, read_contents, weights_digest

CONTENTS = ("format", "network", "classes", "input_spec", "card", "temperature", "config")
OLD_CONTENTS = ("format", "config", "classes", "preprocessing", "temperature")  # of akshar 0.1


def as_safetensors(weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Serialise a network's state_dict with metadata in the header."""
    from safetensors.torch import save

    return save({name: value.detach().contiguous().clone() for name, value in weights.items()}, dict(metadata))


def read_safetensors(path: Path) -> Checkpoint:
    """Read a file of `akshar export` as if it were a checkpoint.

    Raises:
        UsageError: no such file, not one of akshar's, of an unknown format, or damaged; the message names it.
    """
    require_packages(printable(path), "safetensors", extra="export")
    if not path.is_file():
        raise UsageError(f"{printable(path)}: no such file")
    weights, metadata = _read(path)
    if "akshar" not in metadata:
        raise UsageError(f"{printable(path)}: not a model that akshar exported")
    keys = CONTENTS if "input_spec" in metadata else OLD_CONTENTS
    record = {key: parse_json(metadata.get(key)) for key in keys}
    contents = read_contents(path, record)
    for name in ("classes", "input_spec"):  # which every exported file has
        if getattr(contents, name) is None:
            raise UsageError(f"{printable(path)}: not a complete model of akshar (its {name} is wrong)")
    if weights_digest(weights) != metadata.get("weights_sha256"):
        raise UsageError(f"{printable(path)}: damaged (its weights do not match their digest)")
    return Checkpoint(path, contents, weights, {}, contents.format)


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    from safetensors import safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except Exception as error:  # its own kind, and others for dtypes that torch does not know
        raise UsageError(
            f"{printable(path)}: not a safetensors file, or a damaged one ({printable(error)[:120]})"
        ) from error
