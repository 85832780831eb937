"""Ends a search's bad trials early: each epoch's validation is reported to the study, which decides."""

from optuna.trial import Trial
from pytorch_lightning import Callback, LightningModule, Trainer

from akshar.errors import Pruned
from akshar.runs.run_dir import RunDir
from akshar.sweeps.study import OBJECTIVE, OBJECTIVES, open_study


class Pruning(Callback):
    """Reports to the study that lies beside a trial's folder.

    Args:
        folder: of the run; its name is the trial's number.
    """

    def __init__(self, folder: RunDir):
        study = open_study(folder.path.parent)
        self.trial = Trial(study, study.trials[int(folder.path.name)]._trial_id)
        self.metric = OBJECTIVES[study.user_attrs[OBJECTIVE]].metric

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Reports, in a fit.

        Raises:
            Pruned: the trial is worse than others were by this epoch.
        """
        if trainer.state.fn != "fit" or self.metric is None:
            return
        epoch = trainer.current_epoch + 1
        self.trial.report(float(trainer.callback_metrics[self.metric]), epoch)
        if self.trial.should_prune():
            raise Pruned(f"pruned after epoch {epoch}: other trials were better by then")
