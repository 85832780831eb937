"""The checkpoints of a run: `best.ckpt`, the best epoch by validation, and `last.ckpt`, to resume from."""

import random
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric.plugins import TorchCheckpointIO
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint
from torch import nn

from akshar import distributed
from akshar.config.monitor import Mode
from akshar.errors import AksharError
from akshar.files import link_atomic
from akshar.runs.checkpoint import read_checkpoint, write_checkpoint
from akshar.runs.run_dir import RunDir
from akshar.training.interrupts import Interrupts

STATE = "resume"  # key in a checkpoint


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoint files, written whole: on a full disk the old file stays."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint with its digest."""
        write_checkpoint(checkpoint, Path(path))

    def load_checkpoint(self, path: Any, *_: Any, **__: Any) -> dict[str, Any]:
        """Read a checkpoint and compare it with its digest; what Lightning resumes from is then what was saved.

        Raises:
            UsageError: it is damaged.
        """
        return read_checkpoint(path).lightning


class BestCheckpoint(ModelCheckpoint):
    """Writes `best.ckpt`, the best epoch by the monitored metric; remembers the best score after a resume.

    Args:
        run_dir: of the run.
        monitor: the metric.
        mode: which of its values are better.
    """

    def __init__(self, run_dir: RunDir, monitor: str, mode: Mode):
        super().__init__(
            dirpath=run_dir.checkpoints,
            filename="best",
            monitor=monitor,
            mode=mode,
            auto_insert_metric_name=False,
            enable_version_counter=False,
            save_on_train_epoch_end=False,  # right after validation, before `LastCheckpoint` notes the best score
        )
        self.run_dir = run_dir

    @property
    def state_key(self) -> str:
        """Key of this callback's state in checkpoints, in place of the class's name."""
        return "best_checkpoint"

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the score; the folder may have been moved."""
        best = str(self.run_dir.best)
        moved: dict[str, Any] = {"dirpath": self.dirpath}
        if state_dict["best_model_score"] is not None:
            moved |= dict.fromkeys(("best_model_path", "kth_best_model_path"), best)
            moved["best_k_models"] = dict.fromkeys((best,), state_dict["best_model_score"])
        super().load_state_dict(state_dict | moved)

    @property
    def saved_at(self) -> int:
        """Optimizer steps done when `best.ckpt` was written last; 0 before."""
        return self._last_global_step_saved

    def _save_checkpoint(self, trainer: Trainer, filepath: str) -> None:
        """Keep the best so far as `previous.ckpt`, for as long as `last.ckpt` is a second name of the new one."""
        if trainer.is_global_zero:
            with suppress(OSError):  # none yet, or a file system without links
                link_atomic(self.run_dir.best, self.run_dir.previous)
        super()._save_checkpoint(trainer, filepath)


class LastCheckpoint(Checkpoint):
    """Writes `last.ckpt` after every epoch's validation, within an epoch as configured, and on a stop request.

    Args:
        run_dir: of the run.
        interrupts: checked after each step for a request to stop.
        every_n_steps: write after this many optimizer steps within an epoch; None for never.
        every_n_minutes: write after this many minutes within an epoch; None for never.
        within_epochs: whether the data can go on within an epoch; otherwise nothing is written there, and a stop
            request ends the run at once, to be resumed after its last whole epoch.
    """

    def __init__(
        self,
        run_dir: RunDir,
        interrupts: Interrupts,
        every_n_steps: int | None = None,
        every_n_minutes: float | None = None,
        *,
        within_epochs: bool = True,
    ):
        self.run_dir = run_dir
        self.interrupts = interrupts
        self.every_n_steps = every_n_steps
        self.every_n_minutes = every_n_minutes
        self.within_epochs = within_epochs
        self._resumed: dict[str, Any] | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock; restore the state of a resumed run."""
        # Lightning's own SIGTERM handler would broadcast at once, amid other exchanges of the processes.
        self.interrupts.take_signals()
        self._saved_at = time.monotonic()
        if self._resumed is not None:
            set_generator_states(self._resumed["generators"])
            trainer.callback_metrics.update(self._resumed["metrics"])
            trainer.should_stop = self._resumed["stopped"] and self._resumed["max_epochs"] == trainer.max_epochs

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save within an epoch where it is due."""
        if trainer.is_last_batch or (trainer.should_stop and trainer.fit_loop._can_stop_early):
            return  # validation follows, and a save after that
        if (batch_idx + 1) % trainer.accumulate_grad_batches:
            return  # a checkpoint does not hold accumulated gradients
        if not self.within_epochs:
            self._stop_where_asked()
            return
        if distributed.all_reduce_max(int(self.interrupts.received is not None or self._is_due(trainer))):
            self._save(trainer, finished=trainer.current_epoch)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save after the epoch's validation."""
        if trainer.state.fn == "fit":
            self._save(trainer, finished=trainer.current_epoch + 1)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Add what Lightning leaves out: random generators, metrics, whether a callback stopped training early."""
        checkpoint[STATE] = {
            "generators": generator_states(),
            "metrics": {name: value.cpu() for name, value in trainer.callback_metrics.items()},
            "stopped": trainer.should_stop,
            "max_epochs": trainer.max_epochs,
        }

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Keep it until training starts; what is built before may still draw random numbers."""
        self._resumed = checkpoint[STATE]

    def _is_due(self, trainer: Trainer) -> bool:
        steps, minutes = self.every_n_steps, self.every_n_minutes
        by_steps = steps is not None and trainer.global_step % steps == 0
        return by_steps or (minutes is not None and time.monotonic() - self._saved_at >= 60 * minutes)

    def _save(self, trainer: Trainer, finished: int) -> None:
        if not self._is_in_best(trainer):
            trainer.save_checkpoint(self.run_dir.last)
            if trainer.is_global_zero:
                self.run_dir.previous.unlink(missing_ok=True)
        if trainer.is_global_zero:
            self.run_dir.write_status("running", finished, trainer.global_step)
        self._saved_at = time.monotonic()
        self._stop_where_asked()

    def _stop_where_asked(self) -> None:
        # All processes stop together: a signal that comes during the exchange waits for the next one
        if number := distributed.all_reduce_max(self.interrupts.received or 0):
            self.interrupts.ask(number)
            self.interrupts.obey()

    def _is_in_best(self, trainer: Trainer) -> bool:
        """Whether `best.ckpt` was written after this step; then `last.ckpt` becomes a second name of it."""
        best = trainer.checkpoint_callback  # Lightning's first
        if not isinstance(best, BestCheckpoint) or best.saved_at != trainer.global_step or not trainer.validating:
            return False
        linked = False
        if trainer.is_global_zero:
            with suppress(OSError):  # a file system without links, or a full one
                link_atomic(self.run_dir.best, self.run_dir.last)
                linked = True
        return bool(distributed.broadcast_int(int(linked)))


def generator_states() -> dict[str, Any]:
    """Return the states of the global random generators, as plain values and tensors."""
    name, keys, *rest = np.random.get_state()
    version, internal, gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all(),
        "numpy": [name, np.asarray(keys).tolist(), *rest],
        "python": [version, list(internal), gauss],
    }


def set_generator_states(states: dict[str, Any]) -> None:
    """Restore what `generator_states` returned."""
    torch.set_rng_state(states["torch"])
    if len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))


def check_disk_space(run_dir: RunDir, net: nn.Module) -> None:
    """Check before training that the checkpoints fit on the disk.

    Raises:
        AksharError: less space is free than they may take.
    """
    weights = sum(parameter.nbytes for parameter in net.parameters())
    # Weights, two moments and an average of them, for the best, the last, and the checkpoint being written
    needed = 3 * 4 * weights + 10_000_000
    found = [path.stat() for path in (run_dir.best, run_dir.last, run_dir.previous) if path.exists()]
    there = sum({file.st_ino: file.st_size for file in found}.values())  # two of them may be one file
    free = shutil.disk_usage(run_dir.path).free
    if free + there < needed:
        raise AksharError(
            f"{run_dir}: {free / 1e6:,.0f} MB are free, and the checkpoints may take {needed / 1e6:,.0f} MB; "
            "free some space, or choose another place with hydra.run.dir=FOLDER"
        )
