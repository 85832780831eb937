"""What is written while a run trains: one row an epoch, to `history.csv`, the logger and the log."""

import logging
import time
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from tqdm import tqdm

from akshar import distributed
from akshar.config.monitor import sort_key
from akshar.data.batch import Batch
from akshar.runs.console import Console
from akshar.runs.run_dir import RunDir
from akshar.tables import write_csv

log = logging.getLogger(__name__)

METRICS = ("loss/train", "loss/val", "accuracy/train", "accuracy/val")
COLUMNS = ("epoch", "step", "lr", *METRICS, "seconds")  # of history.csv


class History(Callback):
    """Keeps each epoch's figures together.

    Epochs are counted from 1 wherever a person reads them.

    Args:
        folder: of the run.
        csv_file: whether `history.csv` is written.
        monitor: the metric by which epochs are compared.

    Attributes:
        rows: one an epoch: epoch, step, lr, the `METRICS`, seconds since training began.
        fit_seconds: training and validation together, without setting up.
        images_seen: training images in all steps.
    """

    def __init__(self, folder: RunDir, csv_file: bool, monitor: str):
        self.folder = folder
        self.csv_file = csv_file
        self.monitor = monitor
        self.rows: list[dict[str, Any]] = []
        self.fit_seconds = 0.0
        self.images_seen = 0
        self._start: float | None = None

    @property
    def best(self) -> dict[str, Any]:
        """The row of the best epoch by the monitored metric."""
        return min(self.rows, key=lambda row: sort_key(row[self.monitor], self.monitor))

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run goes on from."""
        return {"rows": self.rows, "seconds": self._seconds(), "images_seen": self.images_seen}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from there: rows that were written after the checkpoint are taken back."""
        self.rows, self.fit_seconds = state_dict["rows"], state_dict["seconds"]
        self.images_seen = state_dict["images_seen"]
        if self.csv_file and distributed.rank() == 0:
            self._write()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock, or lets it go on."""
        self._start = time.perf_counter() - self.fit_seconds

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        """Notes the rate of the step that begins: by the epoch's end the schedule has moved on."""
        self._lr = learning_rate(trainer)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        """Counts."""
        self.images_seen += len(batch.labels) * trainer.world_size

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops the clock."""
        self.fit_seconds = self._seconds()
        self._start = None

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the epoch's row, in a fit."""
        if trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        measured = {name: float(value) for name, value in trainer.callback_metrics.items()}
        row = {"epoch": trainer.current_epoch + 1, "step": trainer.global_step, "lr": self._lr}
        row |= measured | {"seconds": round(self._seconds(), 3)}
        self.rows.append(row)
        if not trainer.is_global_zero:
            return
        if trainer.logger is not None:
            trainer.logger.log_metrics({"lr": row["lr"]} | measured, step=row["epoch"])
        if self.csv_file:
            self._write()
        log.info(self._line(row, trainer.max_epochs))

    def _write(self) -> None:
        """Writes `history.csv`, atomically."""
        write_csv(self.folder.history, COLUMNS, ([row.get(name) for name in COLUMNS] for row in self.rows))

    def _seconds(self) -> float:
        return self.fit_seconds if self._start is None else time.perf_counter() - self._start

    def _line(self, row: dict[str, Any], max_epochs: int | None) -> str:
        width = len(str(max_epochs))
        total = f"/{max_epochs}" if max_epochs and max_epochs > 0 else ""
        best = "  best so far" if row is self.best and self.monitor != "epoch" else ""
        return (
            f"epoch {row['epoch']:>{width}}{total}  "
            f"loss {row['loss/train']:.4f} train {row['loss/val']:.4f} val  "
            f"accuracy {row['accuracy/train']:6.2%} train {row['accuracy/val']:6.2%} val  "
            f"{row['seconds']:.0f} s{best}"
        )


class Progress(Callback):
    """A bar of the running epoch on a terminal; nothing where output goes to a file."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        """Shows a bar, which a resumed epoch does not begin empty."""
        if self._bar is None:
            shown = trainer.is_global_zero and not Console.job  # by a process that has the terminal alone
            total = f"/{trainer.max_epochs}" if trainer.max_epochs and trainer.max_epochs > 0 else ""
            self._bar = tqdm(
                total=int(trainer.num_training_batches),
                initial=batch_idx,
                desc=f"epoch {trainer.current_epoch + 1}{total}",
                unit=" steps",
                leave=False,
                disable=None if shown else True,  # None: off where there is no terminal
            )

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        """Moves the bar on."""
        if self._bar is not None:
            self._bar.update()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Removes the bar: what follows are lines."""
        self.close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Leaves a clean line for the error."""
        self.close()

    def close(self) -> None:
        """Removes the bar if there is one."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def learning_rate(trainer: Trainer) -> float:
    """Of the first parameter group, now."""
    return float(trainer.optimizers[0].param_groups[0]["lr"])
