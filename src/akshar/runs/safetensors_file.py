"""Weights as safetensors, with all that it takes to rebuild their network in the header; nothing in it can run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from akshar.errors import UsageError
from akshar.extras import require_packages
from akshar.files import printable
from akshar.reader.onnx_model import plain
from akshar.runs.checkpoint import KEY, NET, check_contents, weights_digest

CONTENTS = ("format", "config", "classes", "preprocessing", "temperature")  # as in a checkpoint


def as_safetensors(weights: Mapping[str, Tensor], facts: Mapping[str, str]) -> bytes:
    """The file.

    Args:
        weights: a network's state_dict.
        facts: the header's metadata, see `facts_of`.
    """
    from safetensors.torch import save

    return save({name: value.detach().contiguous().clone() for name, value in weights.items()}, dict(facts))


def read_safetensors(path: Path) -> dict[str, Any]:
    """Reads a file of ours as if it were a checkpoint.

    Returns:
        What `read_checkpoint` gives, as far as it takes to rebuild the network.

    Raises:
        UsageError: no such file, one that is not ours, of another format, or damaged; the message names it.
    """
    require_packages(printable(path), "safetensors", extra="export")
    if not path.is_file():
        raise UsageError(f"{printable(path)}: no such file")
    weights, facts = _read(path)
    contents = {key: plain(facts.get(key)) for key in CONTENTS}
    if "akshar" not in facts:
        raise UsageError(f"{printable(path)}: is no model that akshar exported")
    check_contents(path, contents)
    if weights_digest(weights) != facts.get("weights_sha256"):
        raise UsageError(f"{printable(path)}: is damaged (its weights are not those that were written)")
    return {KEY: contents, "state_dict": {NET + name: value for name, value in weights.items()}}


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    from safetensors import safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except Exception as error:  # its own kind, and others for dtypes that torch does not know
        raise UsageError(
            f"{printable(path)}: is no safetensors file, or a damaged one ({printable(error)[:120]})"
        ) from error
