"""Trains: Lightning's Trainer with the callbacks that every run has."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning import Callback
from pytorch_lightning.callbacks import ProgressBar
from pytorch_lightning.loggers import Logger

from akshar.errors import AksharError
from akshar.training.callbacks.checkpoint_contents import CheckpointContents
from akshar.training.callbacks.checkpointing import BestCheckpoint, LastCheckpoint
from akshar.training.callbacks.divergence import DivergenceGuard
from akshar.training.callbacks.history import History
from akshar.training.callbacks.limits import Limits
from akshar.training.callbacks.progress import DurationEstimate, Progress
from akshar.training.interrupts import Interrupts
from akshar.training.parts import build_callbacks, build_trainer
from akshar.training.setup import Setup

log = logging.getLogger(__name__)


def fit(
    setup: Setup, loggers: Iterable[Logger], interrupts: Interrupts, extra_callbacks: Sequence[Callback] = ()
) -> tuple[pl.Trainer, History]:
    """Train to the end, from the last checkpoint where there is one.

    Args:
        setup: the parts of the run.
        loggers: of this run; in a worker, one that records nothing.
        interrupts: checked after each step for a request to stop.
        extra_callbacks: added by the caller, as the pruning of a search.

    Raises:
        Diverged: the loss became NaN or infinite.
        Interrupted: a signal came; `last.ckpt` is written.
    """
    config, run_dir = setup.config, setup.run_dir
    history = History(run_dir, config.monitor, config.direction)
    guard = DivergenceGuard(
        run_dir,
        _batch_description(setup),
        None if setup.model.is_own else len(setup.summary.classes),
        config.chance_warning_epochs,
    )
    limits = Limits()
    own = build_callbacks(config)
    has_bar = any(isinstance(callback, ProgressBar) for callback in own)
    callbacks = [  # called in this order: `last.ckpt` is written last
        *own,
        CheckpointContents(setup),
        guard,
        history,
        *([Progress()] if config.trainer.enable_progress_bar is not False and not has_bar else []),
        DurationEstimate(setup.summary.val or 0),
        limits,
        *extra_callbacks,
        BestCheckpoint(run_dir, config.monitor, config.direction),
        LastCheckpoint(
            run_dir,
            interrupts,
            config.checkpoint.every_n_steps,
            config.checkpoint.every_n_minutes,
            within_epochs=setup.summary.exact_loader,
        ),
    ]
    trainer = build_trainer(config, setup.hardware, run_dir.path, callbacks, loggers)
    with interrupts.deferred():
        trainer.fit(
            setup.model.module,
            datamodule=setup.data,
            ckpt_path=run_dir.last if setup.resumed_from else None,
            weights_only=True,
        )
    if not history.rows:
        raise AksharError("training ended before its first validation")
    if limits.reached:
        log.info(
            "%s ended training in epoch %d, step %d", limits.reached, history.rows[-1]["epoch"], trainer.global_step
        )
    return trainer, history


def _batch_description(setup: Setup) -> Callable[[int, int], dict[str, Any]]:
    """Return a function that describes a batch, by epoch and number, for the replay of a step that diverged."""
    images = setup.images

    def describe(epoch: int, number: int) -> dict[str, Any]:
        if images is None:
            return {}
        loader = images.train_dataloader()
        loader.set_epoch(epoch)
        indices = loader.order().split(loader.batch_size)[number]
        return {"indices": indices.tolist(), "seed": loader.batch_seed(number)}

    return describe
