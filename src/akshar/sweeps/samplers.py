"""Samplers, which choose the next trial of a search, and pruners, which end bad ones: by name or by `_target_`."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import optuna
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, CmaEsSampler, GridSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from akshar.errors import UsageError
from akshar.seeds import derive_seed

Space = Mapping[str, BaseDistribution]
T = TypeVar("T")
PartConfig = str | Mapping[str, Any]  # a name, or a `_target_` with its arguments

SAMPLERS: dict[str, Callable[[int, Space], BaseSampler]] = {
    "tpe": lambda seed, space: TPESampler(seed=seed),
    "random": lambda seed, space: RandomSampler(seed=seed),
    "grid": lambda seed, space: GridSampler(grid_of(space), seed=seed),
    "cmaes": lambda seed, space: CmaEsSampler(seed=seed, warn_independent_sampling=False),
}
PRUNERS: dict[str, Callable[[], BasePruner]] = {
    "median": lambda: MedianPruner(n_startup_trials=5, n_warmup_steps=1),
    "hyperband": HyperbandPruner,
    "none": NopPruner,
}
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def make_sampler(config: PartConfig, seed: int, trial: int, space: Space) -> BaseSampler:
    """Build the sampler for one trial.

    It is seeded by the trial's number, so a resumed search draws the same values as an uninterrupted one, and
    processes that share a search draw different ones. The grid sampler keeps one seed, which decides its order.

    Args:
        config: a key of `SAMPLERS`, or a mapping with a `_target_` (which sets its own seed).
        seed: of the search.
        trial: number of the trial.
        space: search space.

    Raises:
        UsageError: unknown name, or the sampler cannot be built.
    """
    if isinstance(config, str):
        keys = (seed,) if config == "grid" else (seed, "trial", trial)
        return _find("sampler", config, SAMPLERS)(derive_seed(*keys) % 2**32, space)
    return _instantiate("sampler", config, BaseSampler)


class NumberedSampler(BaseSampler):
    """Draws each trial with the sampler that `make_sampler` builds for its number.

    Args:
        config: see `make_sampler`.
        seed: of the search.
        space: search space.
    """

    def __init__(self, config: PartConfig, seed: int, space: Space):
        self._config, self._seed, self._space = config, seed, space
        self._sampler = make_sampler(config, seed, 0, space)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Build the trial's sampler."""
        self._sampler = make_sampler(self._config, self._seed, trial.number, self._space)
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Name what `sample_relative` draws."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw the values that depend on each other."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Draw another value."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)


def make_pruner(config: PartConfig) -> BasePruner:
    """Build a pruner: a key of `PRUNERS`, or a mapping with a `_target_`.

    Raises:
        UsageError: unknown name, or the pruner cannot be built.
    """
    if isinstance(config, str):
        return _find("pruner", config, PRUNERS)()
    return _instantiate("pruner", config, BasePruner)


def grid_of(space: Space) -> dict[str, list[Any]]:
    """List every value of each key.

    Raises:
        UsageError: a key has infinitely many values.
    """
    grid: dict[str, list[Any]] = {}
    for key, values in space.items():
        if isinstance(values, CategoricalDistribution):
            grid[key] = list(values.choices)
        elif isinstance(values, IntDistribution) and not values.log:
            grid[key] = list(range(values.low, values.high + 1, values.step))
        else:
            raise UsageError(f"hydra.sweeper.search.sampler=grid: {key} needs values, e.g. {key}=0.1,0.2")
    return grid


def _find(part: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        raise UsageError(f"hydra.sweeper.search.{part}={name}: must be one of {', '.join(known)}, or a _target_")
    return known[name]


def _instantiate(part: str, config: Mapping[str, Any], kind: type[T]) -> T:
    try:
        instance = instantiate(config)
    except InstantiationException as error:
        raise UsageError(f"hydra.sweeper.search.{part}: {error.__cause__ or error}") from error
    if not isinstance(instance, kind):
        raise UsageError(f"hydra.sweeper.search.{part}: must be an Optuna {part}, not {type(instance).__name__}")
    return instance
