"""The launcher that `hydra/launcher=slurm` names; `akshar.sweeps.slurm` does its work for `akshar train -m`."""

from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class SlurmLauncher(Launcher):
    """Says that Hydra applications other than akshar cannot use it: nothing is pickled, jobs run `akshar` itself.

    Args:
        **settings: see `conf/hydra/launcher/slurm.yaml`.
    """

    def __init__(self, **settings: Any):
        self.settings = settings

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Do nothing; called by Hydra."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Refuse.

        Raises:
            UsageError: always.
        """
        from akshar.errors import UsageError

        raise UsageError("hydra/launcher=slurm: only for akshar train -m; here, use hydra/launcher=joblib")
