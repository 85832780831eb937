"""The jobs of a grid: every combination of the values, each composed and checked before the first job starts."""

import itertools
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from tqdm import tqdm

from akshar.config.config_hash import config_hash
from akshar.config.left_over_keys import with_ways_out
from akshar.config.overrides import quote_paths
from akshar.config.places import PLACES
from akshar.config.schema import TrainConfig
from akshar.config.tree import compose_tree, to_record
from akshar.config.validate import validate
from akshar.errors import UsageError, first_line
from akshar.extras import require_packages
from akshar.sweeps.database import given_url

HYDRA_SWEEPER = "BasicSweeper"  # runs every combination of the values
SEEN_BY_A_JOB = ("hydra.searchpath", "hydra.job.chdir")  # in its own config
LOCAL_LAUNCHER = "JoblibLauncher"
MANY = 200  # jobs that take seconds to check


def check_extras(hydra_config: DictConfig) -> None:
    """Check that the packages of launcher and sweeper are installed, and that a search can name its database.

    Raises:
        UsageError: a package is missing (the message names the extra to install), or the database's URL is wrong.
    """
    launcher, sweeper = (str(hydra_config[part].get("_target_")) for part in ("launcher", "sweeper"))
    if "hydra_joblib_launcher" in launcher:
        require_packages("hydra/launcher", "hydra_plugins.hydra_joblib_launcher", "joblib", extra="joblib")
    if is_slurm(hydra_config):
        require_packages("hydra/launcher=slurm", "submitit", extra="slurm")
    if "akshar_optuna" in sweeper:
        require_packages("hydra/sweeper=akshar_optuna", "optuna", "cmaes", extra="search")
        given_url(hydra_config.sweeper.search)


def has_workers(hydra_config: DictConfig) -> bool:
    """Whether jobs run in other processes for which this one waits."""
    return str(hydra_config.launcher.get("_target_")).endswith(LOCAL_LAUNCHER)


def is_slurm(hydra_config: DictConfig) -> bool:
    """Whether the jobs are submitted to a Slurm cluster."""
    return "akshar_slurm" in str(hydra_config.launcher.get("_target_"))


def is_grid(hydra_config: DictConfig) -> bool:
    """Whether Hydra's own sweeper runs every combination, as opposed to a search."""
    return str(hydra_config.sweeper.get("_target_")).endswith(HYDRA_SWEEPER)


def parallel_jobs(hydra_config: DictConfig) -> int:
    """Largest number of jobs that run at a time."""
    launcher = hydra_config.launcher
    count = int(launcher.get("n_jobs") or launcher.get("array_parallelism") or 1)
    return count if count > 0 else os.cpu_count() or 1


@dataclass(frozen=True)
class Job:
    """One job of a sweep.

    Attributes:
        number: its position in the grid, from 0, by which Hydra names its folder.
        words: its overrides.
        config: valid.
        key: hash of its config, without data and initial weights.
        folder: name of its folder where that is not the one of its number.
    """

    number: int
    words: tuple[str, ...]
    config: TrainConfig
    key: str
    folder: str | None = None


def check_jobs(overrides: Sequence[str], hydra_config: DictConfig) -> list[Job]:
    """Compose and validate every job of a grid; to be called inside `composing`.

    Args:
        overrides: of the command line.
        hydra_config: Hydra's part of the config, for the parameters of a preset.

    Returns:
        The jobs in their order; of equal ones the first.

    Raises:
        UsageError: lists each problem once, with the first job that has it.
    """
    grid = expand_grid(overrides, hydra_config)
    workers = has_workers(hydra_config)
    problems: dict[str, tuple[int, Sequence[str]]] = {}
    jobs: dict[tuple[str, ...], Job] = {}
    if len(grid) >= MANY and not sys.stderr.isatty():
        print(f"checking {len(grid)} jobs", file=sys.stderr)
    for number, words in enumerate(tqdm(grid, "checking", unit=" jobs", leave=False, disable=None)):
        try:
            config = _check_job(words, workers)
            key = config_hash(config, "", config.init_from)
            jobs.setdefault((key, *_places(config)), Job(number, words, config, key))
        except UsageError as error:
            for problem in error.problems:
                problems.setdefault(problem, (number, words))
    if problems:
        found = [
            (number, with_ways_out("train", words, [problem])) for problem, (number, words) in problems.items()
        ]
        raise UsageError(*(f"job {number + 1} of {len(grid)}: {line}" for number, (line,) in found))
    return [*jobs.values()]


def _places(config: TrainConfig) -> list[str]:
    """Where the data of a job lies, which its key leaves out."""
    data = config.to_record()["data"]
    return [str(data.get(key.removeprefix("data."))) for key in PLACES]


def launched_words(job: Job, hydra_config: DictConfig) -> list[str]:
    """List the overrides with which Hydra launches a job: its own, and that of its folder.

    The launcher counts the jobs that it gets, which may be fewer than the grid has.

    Args:
        job: of a grid.
        hydra_config: Hydra's part of the config, for the name of the folder.
    """
    words = [word for word in job.words if not _is_for_hydra(word)]
    return [*quote_paths([f"hydra.sweep.subdir={folder_of(job, hydra_config)}"]), *words]


def folder_of(job: Job, hydra_config: DictConfig) -> str:
    """Name of the folder in which a job is launched, as `hydra.sweep.subdir` says."""
    named = OmegaConf.to_container(hydra_config.sweep, resolve=False)
    assert isinstance(named, dict)
    return job.folder or str(named["subdir"]).replace("${hydra.job.num}", str(job.number))


def expand_grid(overrides: Sequence[str], hydra_config: DictConfig) -> list[tuple[str, ...]]:
    """List the overrides of every job: all combinations of the values, those of a preset among them.

    Raises:
        UsageError: a key has no values, or infinitely many.
    """
    parameters = hydra_config.sweeper.get("params") or {}
    given = [*(f"{key}={value}" for key, value in parameters.items()), *overrides]
    parsed = {override.get_key_element(): override for override in OverridesParser.create().parse_overrides(given)}
    return list(itertools.product(*map(_single_values, parsed.values())))


def _single_values(override: Override) -> list[str]:
    """Split an override with several values into one for each value."""
    text = override.input_line or ""
    if not override.is_sweep_override():
        return [text]
    if not override.is_discrete_sweep():
        raise UsageError(f"{text}: a grid needs values; an interval needs a search, hydra/sweeper=akshar_optuna")
    values = [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
    if not values:
        raise UsageError(f"{text}: has no values")
    return values


def _check_job(job: Sequence[str], has_workers: bool) -> TrainConfig:
    """Validate the config of one job."""
    kept = [word for word in job if word.startswith(SEEN_BY_A_JOB) or not _is_for_hydra(word)]
    try:
        config = validate(to_record(compose_tree("train", kept)), TrainConfig)
    except (HydraException, OmegaConfBaseException) as error:
        raise UsageError(first_line(error)) from error
    check_num_nodes(config)
    if has_workers and config.trainer.devices not in (1, "auto"):
        raise UsageError(f"trainer.devices={config.trainer.devices}: parallel jobs take one device each")
    return config


def check_num_nodes(config: TrainConfig) -> None:
    """Check that the job of a sweep is for one node.

    Raises:
        UsageError: it is for several.
    """
    if config.trainer.num_nodes > 1:
        raise UsageError(
            f"trainer.num_nodes={config.trainer.num_nodes}: each job of a sweep runs on one node; leave it out, or "
            "start runs on several nodes one by one"
        )


def _is_for_hydra(override: str) -> bool:
    return override.lstrip("+~").startswith(("hydra.", "hydra/"))
