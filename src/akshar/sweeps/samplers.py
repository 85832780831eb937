"""How a search chooses its next trial, and when it ends a bad one: by a name, or by a `_target_`."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import optuna
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, CmaEsSampler, GridSampler, RandomSampler, TPESampler

from akshar.errors import UsageError
from akshar.seeds import derive_seed

Space = Mapping[str, BaseDistribution]

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


def make_sampler(named: Any, seed: int, trial: int, space: Space) -> BaseSampler:
    """The sampler for one trial.

    It is seeded by the trial's number: a search that goes on draws what it would have drawn, and no two processes
    draw alike. A grid keeps one seed, which orders it.

    Args:
        named: one of `SAMPLERS`, or a node with a `_target_`, which has its own seed.
        seed: of the search.
        trial: its number.
        space: that is searched.

    Raises:
        UsageError: there is none of that name, or it cannot be made.
    """
    if isinstance(named, str):
        keys = (seed,) if named == "grid" else (seed, "trial", trial)
        return _find("sampler", named, SAMPLERS)(derive_seed(*keys) % 2**32, space)
    return _made("sampler", named, BaseSampler)


def make_pruner(named: Any) -> BasePruner:
    """A pruner: one of `PRUNERS`, or a node with a `_target_`.

    Raises:
        UsageError: there is none of that name, or it cannot be made.
    """
    return _find("pruner", named, PRUNERS)() if isinstance(named, str) else _made("pruner", named, BasePruner)


def grid_of(space: Space) -> dict[str, list[Any]]:
    """Every value of each key.

    Raises:
        UsageError: a key has as many as there are numbers.
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


def _find(part: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise UsageError(f"hydra.sweeper.search.{part}={name}: must be one of {', '.join(known)}, or a _target_")
    return known[name]


def _made(part: str, node: Any, kind: type) -> Any:
    try:
        made = instantiate(node)
    except InstantiationException as error:
        raise UsageError(f"hydra.sweeper.search.{part}: {error.__cause__ or error}") from error
    if not isinstance(made, kind):
        raise UsageError(f"hydra.sweeper.search.{part}: must give an Optuna {part}, not {type(made).__name__}")
    return made
