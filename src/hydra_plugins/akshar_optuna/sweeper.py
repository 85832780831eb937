"""Hydra's sweeper plugin for searches. Hydra imports it at every start, so it imports Optuna only to search."""

from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


class AksharOptuna(Sweeper):
    """A search by Optuna over the keys of a command line that have several values.

    Args:
        search: see `conf/hydra/sweeper/akshar_optuna.yaml`.
        params: further overrides, as in Hydra's own sweeper.
    """

    def __init__(self, search: DictConfig, params: dict[str, Any] | None = None):
        self.search = search
        self.params = params or {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Store the config and build the launcher; called by Hydra."""
        self.config, self.hydra_context = config, hydra_context
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run the search; called by Hydra."""
        from akshar.sweeps.database import given_url
        from akshar.sweeps.search import SearchConfig, run_search  # imported late: loads optuna

        assert self.config is not None  # `setup` was called
        assert self.launcher is not None
        sweep = Path(self.config.hydra.sweep.dir)
        sweep.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.config, sweep / "multirun.yaml")
        overrides = [*(f"{key}={value}" for key, value in self.params.items()), *arguments]
        search = OmegaConf.to_container(self.search, resolve=True)
        assert isinstance(search, dict)
        search["storage"] = given_url(self.config.hydra.sweeper.search)  # `self.search` is resolved
        run = OmegaConf.to_container(OmegaConf.masked_copy(self.config, ["metrics", "monitor", "monitor_mode"]))
        assert isinstance(run, dict)
        config = SearchConfig.checked(
            {str(key): value for key, value in search.items()}, {str(key): value for key, value in run.items()}
        )
        run_search(overrides, sweep, config, self.launcher.launch)
