"""A trained model's file, whichever of ours it is."""

from pathlib import Path
from typing import Any

from akshar.runs.checkpoint import read_checkpoint
from akshar.runs.safetensors_file import read_safetensors


def read_model(model: str | Path) -> dict[str, Any]:
    """Reads what it takes to rebuild a network.

    Args:
        model: a run's folder (its best checkpoint), a checkpoint file, or a file of `akshar export --format
            safetensors`.

    Raises:
        UsageError: no such file, or none of ours; the message names it.
    """
    path = Path(model).expanduser()
    return read_safetensors(path) if path.suffix == ".safetensors" else read_checkpoint(path)
