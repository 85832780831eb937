"""Trains what was prepared, with what every run has beside the Trainer."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning import Callback

from akshar.errors import AksharError
from akshar.pictures.frame import PREPROCESSING
from akshar.runs.checkpoint import CheckpointContents
from akshar.runs.run_dir import RunDir
from akshar.runs.tensorboard import RunLogger
from akshar.sweeps.sweep_dir import is_search
from akshar.training.build import build_trainer
from akshar.training.callbacks.checkpointing import BestCheckpoint, LastCheckpoint
from akshar.training.callbacks.divergence import DivergenceGuard
from akshar.training.callbacks.history import History, Progress
from akshar.training.interrupts import Interrupts
from akshar.training.prepare import Prepared


def _pruning(folder: RunDir) -> list[Callback]:
    """What ends a bad trial of a search; nothing for other runs, which need no optuna."""
    if not is_search(folder.path.parent):
        return []
    from akshar.sweeps.pruning import Pruning

    return [Pruning(folder)]


def fit(
    prepared: Prepared,
    asked: dict[str, Any],
    logger: RunLogger | None,
    interrupts: Interrupts,
    first: bool = True,
) -> tuple[pl.Trainer, History]:
    """Trains to the end, from the last checkpoint where there is one.

    Args:
        prepared: the parts of the run.
        asked: the settings as they were asked for, which checkpoints carry.
        logger: of TensorBoard, or None.
        interrupts: asked after every step whether to stop.
        first: False in the further processes of a run over several devices.

    Raises:
        Diverged: the loss is no longer a number.
        Interrupted: a signal came; `last.ckpt` is written.
    """
    settings, folder, data = prepared.settings, prepared.folder, prepared.data

    def describe_batch(number: int) -> dict[str, Any]:
        loader = data.train_dataloader()
        loader.set_epoch(trainer.current_epoch)
        chosen = loader.order().split(loader.batch_size)[number]
        return {"indices": chosen.tolist(), "seed": loader.batch_seed(number)}

    history = History(folder, settings["logger"]["csv"], settings["monitor"])
    trainer = build_trainer(
        settings,
        folder.path,
        [
            CheckpointContents(asked, data.classes, PREPROCESSING),
            DivergenceGuard(folder, describe_batch, len(data.classes), settings["dead_after"]),
            history,
            Progress(),
            *(_pruning(folder) if first else []),
            BestCheckpoint(folder, settings["monitor"]),
            LastCheckpoint(folder, interrupts, **settings["checkpoint"]),
        ],
        logger,
    )
    with interrupts.deferred():
        trainer.fit(
            prepared.classifier,
            datamodule=data,
            ckpt_path=folder.last if prepared.checkpoint else None,
            weights_only=True,
        )
    if not history.rows:
        raise AksharError("training ended before its first validation")
    return trainer, history
