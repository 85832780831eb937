"""The file of a network's logits for a set of images, and their labels: `predictions/test.npz` and `val.npz`."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from akshar.errors import DataError
from akshar.files import atomic_file, printable


def write_logits(path: Path, logits: np.ndarray, labels: np.ndarray) -> None:
    """Write the file, whole or not at all.

    Args:
        path: of the file.
        logits: float32 (N, K).
        labels: int64 (N,), positions in the network's classes.
    """
    with atomic_file(path) as file:
        np.savez_compressed(file, logits=logits, labels=labels)


def read_logits(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read logits and labels, see `write_logits`.

    Raises:
        DataError: it is missing, damaged or something else; the message names the file.
    """
    try:
        with np.load(path) as saved:
            logits, labels = saved["logits"], saved["labels"]
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{printable(path)}: damaged, or of another version ({type(error).__name__})") from error
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise DataError(f"{printable(path)}: holds logits of shape {logits.shape} for {labels.size} labels")
    return logits, labels
