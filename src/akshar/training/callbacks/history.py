"""One row of metrics per epoch: in memory, in `history.csv`, at the loggers and in the log; and curves by step."""

import logging
import math
import time
from collections.abc import Collection, Mapping
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from akshar import distributed
from akshar.config.monitor import EPOCH, Mode, sort_key
from akshar.data.batch import count_examples
from akshar.errors import UsageError
from akshar.runs.checkpoint import HISTORY
from akshar.runs.run_dir import RunDir
from akshar.tables import write_csv

log = logging.getLogger(__name__)

# First columns of history.csv; the other metrics follow, sorted, and the seconds
FIRST = ("epoch", "step", "lr", "loss/train", "loss/val", "accuracy/train", "accuracy/val")
SECONDS = "seconds"
STEP_LOSS, STEP_LR = "step/loss", "step/lr"  # of single steps, at the loggers alone
NO_METRICS = ("epoch", "step", "lr", SECONDS)


class History(Callback):
    """Collects the metrics of each epoch. Epochs are counted from 1.

    Args:
        run_dir: of the run.
        monitor: metric by which epochs are compared.
        mode: which of its values are better.

    Attributes:
        rows: one per epoch: epoch, step, lr, every metric, seconds since training started.
        fit_seconds: of training and validation, without setting up.
        images_seen: training images in all steps.
        device: on which this process trains; Lightning does not know it of a rank once training is over.
    """

    def __init__(self, run_dir: RunDir, monitor: str, mode: Mode):
        self.run_dir = run_dir
        self.monitor = monitor
        self.mode: Mode = mode
        self.rows: list[dict[str, Any]] = []
        self.fit_seconds = 0.0
        self.images_seen = 0
        self.device = ""
        self._start: float | None = None
        self._step = 0  # the last optimizer step that was seen to end
        self._late: set[str] = set()  # metrics that callbacks log at the end of a training epoch, after validation

    @property
    def state_key(self) -> str:
        """Key of this callback's state in checkpoints, in place of the class's name."""
        return HISTORY

    @property
    def best(self) -> dict[str, Any]:
        """Return the row of the best epoch by the monitored metric."""
        return min(self.rows, key=lambda row: sort_key(row[self.monitor], self.mode))

    @property
    def best_metrics(self) -> dict[str, float]:
        """Return every metric of the best epoch."""
        return {name: value for name, value in self.best.items() if name not in NO_METRICS}

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run needs."""
        return {"rows": self.rows, "seconds": self._seconds(), "images_seen": self.images_seen}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore it; rows written after the checkpoint are dropped."""
        self.rows, self.fit_seconds = state_dict["rows"], state_dict["seconds"]
        self.images_seen = state_dict["images_seen"]
        if distributed.rank() == 0:
            self._write()

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the device."""
        self.device = str(trainer.strategy.root_device)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start or continue the clock."""
        self._start = time.perf_counter() - self.fit_seconds
        self._step = trainer.global_step

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add to the last row what was logged after it was written."""
        self._add_late(trainer)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Remember the learning rate of this step; by the epoch's end the schedule has advanced."""
        self._lr = learning_rate(trainer)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Add this batch to `images_seen`."""
        self.images_seen += count_examples(batch) * trainer.world_size
        if trainer.loggers and trainer.global_step > self._step:
            self._step = trainer.global_step
            every = trainer.log_every_n_steps  # pyright: ignore[reportAttributeAccessIssue]  (set by a connector)
            if self._step == 1 or self._step % every == 0:
                self._log_step(trainer, outputs)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop the clock."""
        self._add_late(trainer)
        self.fit_seconds = self._seconds()
        self._start = None

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the epoch's row, during fit."""
        if trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        # Lightning itself adds what `self.log` collects over a training epoch only after validation, when
        # checkpoints are written; here callbacks can monitor it too.
        training = trainer.fit_loop.epoch_loop._results.metrics(on_step=False)
        trainer.callback_metrics.update(training["callback"])
        measured = _values(trainer.callback_metrics, self._late)  # whose values are still those of the epoch before
        if self.monitor not in (EPOCH, *measured):
            raise UsageError(
                f"monitor={self.monitor}: {type(pl_module).__name__} did not log it in this epoch, but "
                f"{', '.join(sorted(measured)) or 'nothing'}; monitor one of these"
            )
        # Lightning's users log "step" or "epoch" to choose an x axis; these stay the framework's
        position = {"epoch": trainer.current_epoch + 1, "step": trainer.global_step, "lr": self._lr}
        row: dict[str, Any] = measured | position | {SECONDS: round(self._seconds(), 3)}
        self.rows.append(row)
        if not trainer.is_global_zero:
            return
        already = {*trainer.logged_metrics, *training["log"]}  # by a LightningModule of one's own
        shown = {name: value for name, value in measured.items() if name not in (*already, *NO_METRICS)}
        for logger in trainer.loggers:
            logger.log_metrics({"epoch": row["epoch"], "lr": row["lr"]} | shown, step=row["step"])
        self._write()
        log.info(self._line(row, trainer.max_epochs))

    def _add_late(self, trainer: Trainer) -> None:
        if not self.rows:
            return
        late = _values(trainer.callback_metrics, (*NO_METRICS, *self.rows[-1]))
        self._late |= late.keys()
        self.rows[-1] |= late
        if late and trainer.is_global_zero:
            self._write()

    def _log_step(self, trainer: Trainer, outputs: Any) -> None:
        """Log loss and lr of one optimizer step: of its last batch, and over several devices of rank 0's share."""
        shown = {STEP_LR: self._lr}
        if isinstance(outputs, Mapping) and (loss := outputs.get("loss")) is not None:  # None if optimized by hand
            shown[STEP_LOSS] = float(loss) * trainer.accumulate_grad_batches  # by which Lightning divided it
        for logger in trainer.loggers:
            logger.log_metrics(shown, step=self._step)

    def _write(self) -> None:
        """Write `history.csv`."""
        others = {name for row in self.rows for name in row}.difference(FIRST, [SECONDS])
        columns = [*FIRST, *sorted(others), SECONDS]
        write_csv(self.run_dir.history, columns, ([row.get(name) for name in columns] for row in self.rows))

    def _seconds(self) -> float:
        return self.fit_seconds if self._start is None else time.perf_counter() - self._start

    def _line(self, row: dict[str, Any], max_epochs: int | None) -> str:
        width = len(str(max_epochs))
        total = f"/{max_epochs}" if max_epochs and max_epochs > 0 else ""
        usual = row.keys() >= {*FIRST}
        names = [self.monitor] if self.monitor not in (*FIRST, EPOCH) else []
        if not usual:  # a LightningModule of one's own
            names = sorted(name for name in row if name not in NO_METRICS)
        others = "".join(f"{name} {row[name]:.4f}  " for name in names)
        best = "  best so far" if row is self.best and self.monitor != EPOCH else ""
        losses = (
            f"loss {row['loss/train']:.4f} train {row['loss/val']:.4f} val  "
            f"accuracy {row['accuracy/train']:6.2%} train {row['accuracy/val']:6.2%} val  "
            if usual
            else ""
        )
        return f"epoch {row['epoch']:>{width}}{total}  {losses}{others}after {row[SECONDS]:.0f} s{best}"


def _values(metrics: Mapping[str, Any], without: Collection[str]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items() if name not in without}


def learning_rate(trainer: Trainer) -> float:
    """Return the current learning rate of the first parameter group; not-a-number without an optimizer."""
    groups = [group for optimizer in trainer.optimizers for group in optimizer.param_groups]
    return float(groups[0]["lr"]) if groups else math.nan
