"""Callback that reports each epoch's validation metric to the study and ends the trials that it prunes."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from optuna.trial import Trial
from pytorch_lightning import Callback, LightningModule, Trainer

from akshar.errors import Interrupted, Pruned, UsageError
from akshar.runs.run_dir import RunDir
from akshar.sweeps.database import ConnectionLost
from akshar.sweeps.objectives import objective_named, pruning_metric
from akshar.sweeps.samplers import make_pruner
from akshar.sweeps.study import OBJECTIVE, PRUNER, open_study

log = logging.getLogger(__name__)


class Pruning(Callback):
    """Reports to the study of the sweep.

    Args:
        run_dir: folder of the run; its name is the number of the trial.
    """

    def __init__(self, run_dir: RunDir):
        with _stopping_without_study():
            study = open_study(run_dir.path.parent, patience=None)
        study.pruner = make_pruner(study.user_attrs[PRUNER])  # as the search wrote it when it started
        self.trial = Trial(study, study.trials[int(run_dir.path.name)]._trial_id)
        self.objective = study.user_attrs[OBJECTIVE]
        self.prunes = objective_named(self.objective).metric is not None

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report the metric during training.

        Raises:
            Pruned: the trial is worse than earlier ones were at this epoch.
            UsageError: the objective was not logged.
            Interrupted: the study cannot be reached.
        """
        if trainer.state.fn != "fit" or not self.prunes:
            return
        epoch = trainer.current_epoch + 1
        logged = trainer.callback_metrics
        name = pruning_metric(self.objective, logged)
        if name is None:
            raise UsageError(
                f"hydra.sweeper.search.objective={self.objective}: {type(pl_module).__name__} does not log it, but "
                f"{', '.join(sorted(logged))}; set monitor and objective to one of these"
            )
        with _stopping_without_study():
            self.trial.report(float(logged[name]), epoch)
            prune = self.trial.should_prune()
        if prune:
            raise Pruned(f"pruned after epoch {epoch}: earlier trials were better at this point")


@contextmanager
def _stopping_without_study() -> Iterator[None]:
    """Stop the run where the study cannot be reached: no failure of the trial, which can go on later."""
    try:
        yield
    except ConnectionLost as error:
        log.error("%s", error)
        raise Interrupted(signal.SIGTERM) from error
