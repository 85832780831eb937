"""Trains what was prepared, with what every run has beside the Trainer."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning import Callback

from akshar.commands.build import build_trainer
from akshar.commands.prepare import Prepared
from akshar.errors import AksharError
from akshar.pictures.frame import PREPROCESSING
from akshar.runs.checkpoint import PlainContents
from akshar.runs.history import History, Progress
from akshar.runs.interrupts import Interrupts
from akshar.runs.keep import KeepBest, KeepLast
from akshar.runs.record import RunFolder
from akshar.runs.tensorboard import RunLogger
from akshar.runs.watch import Watch
from akshar.sweeps.folder import is_search


def _pruning(folder: RunFolder) -> list[Callback]:
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
            PlainContents(asked, data.classes, PREPROCESSING),
            Watch(folder, describe_batch, len(data.classes), settings["dead_after"]),
            history,
            Progress(),
            *(_pruning(folder) if first else []),
            KeepBest(folder, settings["monitor"]),
            KeepLast(folder, interrupts, **settings["checkpoint"]),
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
