"""What TensorBoard shows of a run: scalars overlaid in pairs, images, hyperparameters with real values."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger

from akshar.config.schema import compared

LAYOUT = {
    "training": {
        "loss": ["Multiline", ["loss/train", "loss/val"]],
        "accuracy": ["Multiline", ["accuracy/train", "accuracy/val"]],
        "learning rate": ["Multiline", ["lr"]],
    }
}

# Ends of the names of event files: of the one that is written after training, and of an inspection's.
AFTER_FIT = ".end"
INSPECTED = ".inspect"


class RunLogger(TensorBoardLogger):
    """Event files right in the run's folder, and nothing else.

    Args:
        folder: of the run.
        options: of the SummaryWriter.
    """

    def __init__(self, folder: Path, **options: Any):
        super().__init__(save_dir=folder, name="", version="", default_hp_metric=False, **options)

    @classmethod
    def of_fit(cls, folder: Path, epochs_done: int | None) -> "RunLogger":
        """For the curves.

        Args:
            folder: of the run.
            epochs_done: of a resumed run; points that were logged for later epochs are taken back.
        """
        logger = cls(folder, **({} if epochs_done is None else {"purge_step": epochs_done + 1}))
        logger.experiment.add_custom_scalars(LAYOUT)
        return logger

    @classmethod
    def after_fit(cls, folder: Path, suffix: str = AFTER_FIT) -> "RunLogger":
        """For what follows training, in a file of its own: what an earlier attempt left of it is removed.

        Args:
            folder: of the run.
            suffix: of the file's name.
        """
        for left_behind in folder.glob(f"events.out.tfevents.*{suffix}"):
            left_behind.unlink()
        return cls(folder, filename_suffix=suffix)

    def save(self) -> None:
        """Flushes; Lightning's `hparams.yaml` would only repeat `config.yaml`."""
        self.experiment.flush()

    def add_image(self, tag: str, image: Image.Image, epoch: int) -> None:
        """Shows a picture on the IMAGES page."""
        self.experiment.add_image(tag, np.asarray(image), epoch, dataformats="HWC")

    def add_text(self, tag: str, text: str) -> None:
        """Shows Markdown on the TEXT page."""
        self.experiment.add_text(tag, text)

    def add_hyperparameters(self, config: dict[str, Any], metrics: dict[str, float]) -> None:
        """Fills the HPARAMS page, once, when the metrics are known.

        Args:
            config: of the run.
            metrics: tags and final values.
        """
        self.log_hyperparams(compared(config), metrics)
        self.experiment.flush()
