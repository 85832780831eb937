"""TensorBoard's event files of a run: curves in pairs, images, text, hyperparameters with final metrics."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger

LAYOUT = {
    "training": {
        "loss": ["Multiline", ["loss/train", "loss/val"]],
        "accuracy": ["Multiline", ["accuracy/train", "accuracy/val"]],
        "learning rate": ["Multiline", ["lr"]],
    }
}

EVENTS = "events.out.tfevents."  # begin of an event file's name; a date in seconds follows
# Suffixes of event files: of the one written after training, and of an inspection's
AFTER_FIT = ".end"
INSPECTED = ".inspect"


class RunLogger(TensorBoardLogger):
    """Writes event files into the run's folder, and nothing else.

    Args:
        folder: of the run.
        options: passed to the SummaryWriter.
    """

    def __init__(self, folder: Path, **options: Any):
        super().__init__(save_dir=folder, name="", version="", default_hp_metric=False, **options)

    @classmethod
    def of_fit(cls, folder: Path, epochs_done: int | None) -> "RunLogger":
        """Make the logger for the curves.

        Args:
            folder: of the run.
            epochs_done: of a resumed run; points of later epochs are dropped. None for a new run.
        """
        if epochs_done is not None:
            date_back(folder)
        logger = cls(folder, **({} if epochs_done is None else {"purge_step": epochs_done + 1}))
        logger.experiment.add_custom_scalars(LAYOUT)
        return logger

    @classmethod
    def after_fit(cls, folder: Path, suffix: str = AFTER_FIT) -> "RunLogger":
        """Make the logger for what follows training, in a separate file; that of an earlier attempt is removed.

        Args:
            folder: of the run.
            suffix: of the file's name.
        """
        for left_behind in folder.glob(f"{EVENTS}*{suffix}"):
            left_behind.unlink()
        return cls(folder, filename_suffix=suffix)

    def save(self) -> None:
        """Flush; Lightning's `hparams.yaml` would only repeat `config.yaml`."""
        self.experiment.flush()

    def add_image(self, tag: str, image: Image.Image, epoch: int) -> None:
        """Show a picture on the IMAGES page."""
        self.experiment.add_image(tag, np.asarray(image), epoch, dataformats="HWC")

    def add_text(self, tag: str, text: str) -> None:
        """Show Markdown on the TEXT page."""
        self.experiment.add_text(tag, text)

    def add_hyperparameters(self, config: Mapping[str, Any], metrics: Mapping[str, float | None]) -> None:
        """Fill the HPARAMS page, once, when the metrics are known.

        Args:
            config: of the run, dotted keys with plain values.
            metrics: tags and final values.
        """
        self.log_hyperparams(dict(config), dict(metrics))  # pyright: ignore[reportArgumentType]
        self.experiment.flush()


def date_back(folder: Path) -> None:
    """Rename event files that are dated now or later, because the clock was set back since.

    TensorBoard reads them in the order of their names, and a resumed run replaces only points that it has read.
    """
    now = int(time.time())
    files = [path for path in sorted(folder.glob(f"{EVENTS}*")) if _date(path).isdecimal()]
    if files and int(_date(files[-1])) >= now:
        for number, path in enumerate(files, start=now - len(files)):
            path.rename(path.with_name(path.name.replace(_date(path), f"{number:010}", 1)))


def _date(path: Path) -> str:
    return path.name.removeprefix(EVENTS).partition(".")[0]
