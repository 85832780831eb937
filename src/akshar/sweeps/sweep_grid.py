"""The jobs of a sweep line: every combination of its values, each composed and checked before the first begins."""

import itertools
from collections.abc import Sequence

from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from akshar.config.compose import CONFIG_NAME, composing, plain
from akshar.config.config_hash import config_hash
from akshar.config.overrides import first_of_sweep
from akshar.config.validate import find_problems
from akshar.errors import UsageError
from akshar.extras import require_packages

BASIC = "BasicSweeper"  # Hydra's own, which goes over a grid


def hydra_part(overrides: Sequence[str]) -> DictConfig:
    """Hydra's own part of the composed config, with the first value of whatever has several."""
    with composing():
        parsed = OverridesParser.create().parse_overrides(list(overrides))
        return compose(
            CONFIG_NAME,
            [first_of_sweep(override, override.input_line or "") for override in parsed],
            return_hydra_config=True,
        ).hydra


def check_extras(hydra_config: DictConfig) -> None:
    """Sees that launcher and sweeper are installed.

    Raises:
        UsageError: with the extra that brings what is missing.
    """
    launcher, sweeper = (str(hydra_config[part].get("_target_")) for part in ("launcher", "sweeper"))
    for name in ("joblib", "submitit"):
        if f"hydra_{name}_launcher" in launcher:
            require_packages("hydra/launcher", f"hydra_plugins.hydra_{name}_launcher", name, extra=name)
    if "akshar_optuna" in sweeper:
        require_packages("hydra/sweeper=akshar_optuna", "optuna", "cmaes", extra="search")


def check_jobs(overrides: Sequence[str], hydra_config: DictConfig) -> int:
    """Composes and checks every job of a grid.

    Args:
        overrides: of the command line.
        hydra_config: of the same, for a preset's parameters.

    Returns:
        How many there are that differ in what decides a result.

    Raises:
        UsageError: with each problem once, and the job that has it first.
    """
    parameters = hydra_config.sweeper.get("params") or {}
    words = [f"{key}={value}" for key, value in parameters.items()] + list(overrides)
    parsed = {o.get_key_element(): o for o in OverridesParser.create().parse_overrides(words)}
    choices = [_values(override) for override in parsed.values()]
    problems: dict[str, str] = {}
    hashes = set()
    workers = has_workers(hydra_config)
    jobs = list(itertools.product(*choices))
    with composing():
        for number, job in enumerate(jobs):
            kept = [word for word in job if word.startswith("hydra.searchpath") or not _is_hydra_s(word)]
            try:
                settings = plain(compose(CONFIG_NAME, kept))
                found: Sequence[str] = find_problems(settings)
                if workers and not found and settings["trainer"]["devices"] not in (1, "auto"):
                    found = [f"trainer.devices={settings['trainer']['devices']}: jobs side by side take one each"]
                hashes |= set() if found else {config_hash(settings, "", settings["init_from"])}
            except UsageError as error:
                found = error.problems
            except (HydraException, OmegaConfBaseException) as error:
                found = [str(error).strip().splitlines()[0]]
            for problem in found:
                problems.setdefault(problem, f"job {number} of {len(jobs)}: {problem}")
    if problems:
        raise UsageError(*problems.values())
    return len(hashes)


def _values(override: Override) -> list[str]:
    """An override once for each of its values.

    Raises:
        UsageError: it has none, or as many as there are numbers.
    """
    text = override.input_line or ""
    if not override.is_sweep_override():
        return [text]
    if not override.is_discrete_sweep():
        raise UsageError(f"{text}: a grid needs values; an interval needs a search, hydra/sweeper=akshar_optuna")
    values = [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
    if not values:
        raise UsageError(f"{text}: has no values")
    return values


def _is_hydra_s(word: str) -> bool:
    return word.lstrip("+~").startswith(("hydra.", "hydra/"))


def has_workers(hydra_config: DictConfig) -> bool:
    """Whether jobs run in other processes that this one waits for."""
    return str(hydra_config.launcher.get("_target_")).endswith(("JoblibLauncher", "LocalLauncher"))


def is_grid(hydra_config: DictConfig) -> bool:
    """Whether Hydra's own sweeper goes over all combinations."""
    return str(hydra_config.sweeper.get("_target_")).endswith(BASIC)
