"""What TensorBoard shows of a run: scalars overlaid in pairs, images, hyperparameters with real values."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger
from typing_extensions import override

LAYOUT = {
    "training": {
        "loss": ["Multiline", ["loss/train", "loss/val"]],
        "accuracy": ["Multiline", ["accuracy/train", "accuracy/val"]],
        "learning rate": ["Multiline", ["lr"]],
    }
}


class RunLogger(TensorBoardLogger):
    """Event files right in the run's folder, and nothing else.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path):
        super().__init__(save_dir=folder, name="", version="", default_hp_metric=False)
        self.experiment.add_custom_scalars(LAYOUT)

    @override
    def save(self) -> None:
        """Flushes; Lightning's `hparams.yaml` would only repeat `config.yaml`."""
        self.experiment.flush()

    def add_image(self, tag: str, image: Image.Image, epoch: int) -> None:
        """Shows a picture on the IMAGES page."""
        self.experiment.add_image(tag, np.asarray(image), epoch, dataformats="HWC")

    def add_hyperparameters(self, config: dict[str, Any], metrics: dict[str, float]) -> None:
        """Fills the HPARAMS page, once, when the metrics are known.

        Args:
            config: of the run.
            metrics: tags and final values.
        """
        self.log_hyperparams(flat(config), metrics)
        self.experiment.flush()


def flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys with plain values; lists become text.

    >>> flat({"model": {"widths": [1, 2], "dropout": 0.1}})
    {'model.widths': '[1, 2]', 'model.dropout': 0.1}
    """
    pairs: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict):
            pairs |= flat(value, f"{prefix}{key}.")
        else:
            pairs[prefix + key] = value if isinstance(value, bool | int | float | str) else str(value)
    return pairs
