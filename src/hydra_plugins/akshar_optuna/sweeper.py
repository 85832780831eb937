"""The sweeper's door: Hydra looks for it here, and imports it at every start, so it is thin."""

from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


class AksharOptuna(Sweeper):
    """A search by Optuna over the values of a command line.

    Args:
        search: see `conf/hydra/sweeper/akshar_optuna.yaml`.
        params: further overrides, as of Hydra's own sweeper.
    """

    def __init__(self, search: DictConfig, params: dict[str, Any] | None = None):
        self.search = search
        self.params = params or {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Takes what Hydra gives."""
        self.config, self.hydra_context = config, hydra_context
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Runs the search."""
        from akshar.sweeps.search import run_search  # which loads optuna

        assert self.config is not None  # `setup` comes first
        assert self.launcher is not None
        sweep = Path(self.config.hydra.sweep.dir)
        sweep.mkdir(parents=True, exist_ok=True)
        words = [*(f"{key}={value}" for key, value in self.params.items()), *arguments]
        OmegaConf.save(self.config, sweep / "multirun.yaml")
        search = OmegaConf.to_container(self.search, resolve=True)
        assert isinstance(search, dict)
        run_search(words, sweep, {str(key): value for key, value in search.items()}, self.launcher.launch)
