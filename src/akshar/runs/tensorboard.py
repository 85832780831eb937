"""TensorBoard's event files of a run: curves in pairs, images, text, hyperparameters with final metrics."""

import shlex
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger
from torch.utils.tensorboard.summary import hparams

from akshar.config.keys import flatten
from akshar.runs.result import Result

LAYOUT = {
    "training": {
        "loss": ["Multiline", ["loss/train", "loss/val"]],
        "accuracy": ["Multiline", ["accuracy/train", "accuracy/val"]],
        "learning rate": ["Multiline", ["lr"]],
    },
    "by step": {
        "loss of one batch": ["Multiline", ["step/loss"]],
        "learning rate of one step": ["Multiline", ["step/lr"]],
    },
}

EVENTS = "events.out.tfevents."  # begin of an event file's name; a date in seconds follows
# Suffixes of event files: of the one written after training, and of an inspection's
AFTER_FIT = ".end"
INSPECTED = ".inspect"


class RunLogger(TensorBoardLogger):
    """Writes event files into the run's folder, and nothing else. The x axis is the number of optimizer steps.

    Args:
        save_dir: folder of the run.
        resumed_after: steps done by a resumed run; points of later steps are dropped. None for a new run.
        filename_suffix: of the event file.
        further_metrics: names of those beside loss and accuracy; each has a chart.
    """

    def __init__(
        self,
        save_dir: str,
        resumed_after: int | None = None,
        filename_suffix: str = "",
        further_metrics: Iterable[str] = (),
    ):
        # One axis for all curves, since what is dropped is dropped from all of them
        options: dict[str, Any] = {} if resumed_after is None else {"purge_step": resumed_after + 1}
        super().__init__(
            save_dir, name="", version="", default_hp_metric=False, filename_suffix=filename_suffix, **options
        )
        self.resumed = resumed_after is not None
        self.charts = {name: ["Multiline", [f"{name}/val"]] for name in further_metrics}

    @classmethod
    def after_fit(cls, folder: Path, suffix: str = AFTER_FIT) -> "RunLogger":
        """Make the logger for what follows training, in a separate file; that of an earlier attempt is removed.

        Args:
            folder: of the run.
            suffix: of the file's name.
        """
        for left_behind in folder.glob(f"{EVENTS}*{suffix}"):
            left_behind.unlink()
        return cls(str(folder), filename_suffix=suffix)

    def begin(self) -> None:
        """Open the file of the curves, and group them."""
        if self.resumed:
            date_back(Path(self.save_dir))
        self.experiment.add_custom_scalars(LAYOUT | {"training": LAYOUT["training"] | self.charts})

    def save(self) -> None:
        """Flush; Lightning's `hparams.yaml` would only repeat `config.yaml`."""
        self.experiment.flush()

    def add_image(self, tag: str, image: Image.Image, step: int) -> None:
        """Show a picture on the IMAGES page."""
        self.experiment.add_image(tag, np.asarray(image), step, dataformats="HWC")

    def add_text(self, tag: str, text: str) -> None:
        """Show Markdown on the TEXT page."""
        self.experiment.add_text(tag, text)

    def add_record(self, result: Result) -> None:
        """Fill the TEXT page with config and provenance, and this run's row of the HPARAMS page."""
        config = yaml.safe_dump(result.config, sort_keys=False, allow_unicode=True)
        self.add_text("config", f"```yaml\n{config}```")
        origin = result.provenance
        facts = {"command": shlex.join(origin.argv), "commit": origin.git.commit, **origin.versions}
        facts |= {"processor": origin.host.cpu}
        facts |= {"training": f"{result.fit.seconds:.0f} s"} if result.fit else {}
        rows = [f"| {key} | {value} |" for key, value in facts.items()]
        self.add_text("provenance", "\n".join(["| | |", "| --- | --- |", *rows]))
        # Without the summary that torch writes besides: TensorBoard then compares the runs itself, and ticks first
        # the keys whose values differ
        _, start, end = hparams(flatten(result.config), {})
        for summary in (start, end):
            self.experiment.file_writer.add_summary(summary)  # pyright: ignore[reportOptionalMemberAccess]
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
