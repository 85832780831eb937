"""The checkpoints of a run: the best epoch by validation, and the last state, from which a run goes on."""

import random
import shutil
import time
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint
from torch import nn

from akshar import distributed
from akshar.config.monitor import direction
from akshar.errors import AksharError
from akshar.files import link_atomic
from akshar.runs.run_dir import RunDir
from akshar.training.interrupts import Interrupts

STATE = "resume"  # key in a checkpoint


class BestCheckpoint(ModelCheckpoint):
    """`best.ckpt`, the best epoch by the monitored metric; knows the best score also after a resume.

    Args:
        folder: of the run.
        monitor: the metric.
    """

    def __init__(self, folder: RunDir, monitor: str):
        super().__init__(
            dirpath=folder.checkpoints,
            filename="best",
            monitor=monitor,
            mode=direction(monitor),
            auto_insert_metric_name=False,
            enable_version_counter=False,
            save_on_train_epoch_end=False,  # right after validation, before `LastCheckpoint` notes the best score
        )
        self._best_path = str(folder.best)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes the score up; the folder may have been moved since."""
        moved: dict[str, Any] = {"dirpath": self.dirpath}
        if state_dict["best_model_score"] is not None:
            moved |= dict.fromkeys(("best_model_path", "kth_best_model_path"), self._best_path)
            moved["best_k_models"] = dict.fromkeys((self._best_path,), state_dict["best_model_score"])
        super().load_state_dict(state_dict | moved)

    @property
    def saved_at(self) -> int:
        """Optimizer steps after which `best.ckpt` was written last; 0 before."""
        return self._last_global_step_saved


class LastCheckpoint(Checkpoint):
    """`last.ckpt`: after every epoch's validation, within an epoch as often as asked, and when asked to stop.

    Args:
        folder: of the run.
        interrupts: asked after each step whether to stop.
        every_n_steps: optimizer steps between two within an epoch; None for no such rule.
        every_n_minutes: likewise, minutes.
    """

    def __init__(
        self,
        folder: RunDir,
        interrupts: Interrupts,
        every_n_steps: int | None = None,
        every_n_minutes: float | None = None,
    ):
        self.folder = folder
        self.interrupts = interrupts
        self.every_n_steps = every_n_steps
        self.every_n_minutes = every_n_minutes
        self._resumed: dict[str, Any] | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock; sets a resumed run to where it was."""
        # Lightning has taken SIGTERM by now, to broadcast it at once: amid whatever else the processes exchange.
        self.interrupts.take_signals()
        self._saved_at = time.monotonic()
        if self._resumed is not None:
            set_generators(self._resumed["generators"])
            trainer.callback_metrics.update(self._resumed["metrics"])
            trainer.should_stop = self._resumed["stopped"] and self._resumed["max_epochs"] == trainer.max_epochs

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Saves within an epoch, where it is due."""
        if trainer.is_last_batch:
            return  # validation follows, and a save after it
        if (batch_idx + 1) % trainer.accumulate_grad_batches:
            return  # gradients that wait for their step are in no checkpoint
        if distributed.all_reduce_max(int(self.interrupts.received is not None or self._is_due(trainer))):
            self._save(trainer, finished=trainer.current_epoch)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves after the epoch's validation."""
        if trainer.state.fn == "fit":
            self._save(trainer, finished=trainer.current_epoch + 1)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Adds what Lightning forgets: random generators, metrics, whether a callback ended training early."""
        checkpoint[STATE] = {
            "generators": generator_states(),
            "metrics": {name: value.cpu() for name, value in trainer.callback_metrics.items()},
            "stopped": trainer.should_stop,
            "max_epochs": trainer.max_epochs,
        }

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Notes it; what is built before training begins may still draw."""
        self._resumed = checkpoint[STATE]

    def _is_due(self, trainer: Trainer) -> bool:
        steps, minutes = self.every_n_steps, self.every_n_minutes
        by_steps = steps is not None and trainer.global_step % steps == 0
        return by_steps or (minutes is not None and time.monotonic() - self._saved_at >= 60 * minutes)

    def _save(self, trainer: Trainer, finished: int) -> None:
        if not self._is_in_best(trainer):
            trainer.save_checkpoint(self.folder.last)
        if trainer.is_global_zero:
            self.folder.write_status("running", finished, trainer.global_step)
        self._saved_at = time.monotonic()
        if number := distributed.all_reduce_max(self.interrupts.received or 0):
            self.interrupts.ask(number)  # of all processes, which stop together
        self.interrupts.obey()

    def _is_in_best(self, trainer: Trainer) -> bool:
        """Whether `best.ckpt` was written after this very step; the same state then gets a second name."""
        best = trainer.checkpoint_callback  # the first of them
        if not isinstance(best, BestCheckpoint) or best.saved_at != trainer.global_step or not trainer.validating:
            return False
        linked = False
        if trainer.is_global_zero:
            with suppress(OSError):  # a file system without links, or a full one
                link_atomic(self.folder.best, self.folder.last)
                linked = True
        return bool(distributed.broadcast_int(int(linked)))


def generator_states() -> dict[str, Any]:
    """Of every global generator, as plain values and tensors."""
    name, keys, *rest = np.random.get_state()
    version, internal, gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all(),
        "numpy": [name, np.asarray(keys).tolist(), *rest],
        "python": [version, list(internal), gauss],
    }


def set_generators(states: dict[str, Any]) -> None:
    """The inverse of `generator_states`."""
    torch.set_rng_state(states["torch"])
    if len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))


def check_room(folder: RunDir, net: nn.Module) -> None:
    """Finds out before training whether its checkpoints have room.

    Raises:
        AksharError: the disk has less room than they take at most.
    """
    weights = sum(parameter.nbytes for parameter in net.parameters())
    # The weights, two moments and an average of them; the best, the last, and the one that is being written.
    needed = 3 * 4 * weights + 10_000_000
    there = sum(path.stat().st_size for path in (folder.best, folder.last) if path.exists())
    free = shutil.disk_usage(folder.path).free
    if free + there < needed:
        raise AksharError(
            f"{folder}: {free / 1e6:,.0f} MB are free, and the checkpoints may take {needed / 1e6:,.0f} MB; "
            "make room, or name another place with hydra.run.dir=FOLDER"
        )
