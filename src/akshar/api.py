"""The Python API: what the commands do, as functions, which raise errors and never end the process."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from omegaconf import DictConfig

import akshar.config.compose as composer
from akshar.cluster_launch import cluster_launch
from akshar.config.command_line import split_words
from akshar.config.compose import composing
from akshar.config.hydra_app import running_application
from akshar.config.overrides import SWEEP_KEYS
from akshar.config.schema import TrainConfig
from akshar.config.tree import to_record
from akshar.config.validate import validate
from akshar.credentials import mask_and_remember
from akshar.errors import AksharError, Interrupted, UsageError
from akshar.report.comparison import Comparison
from akshar.report.comparison import compare as compare_runs
from akshar.runs.log_setup import logging_restored
from akshar.runs.predictions import read_predictions
from akshar.runs.result import Result
from akshar.runs.result import read_result as result_of
from akshar.runs.run_dir import RunDir
from akshar.sweeps.summary import read_columns
from akshar.sweeps.sweep_dir import find_sweep
from akshar.tables import dicts
from akshar.training.job import EndedJob, describe
from akshar.training.launch import is_recorded, run_composed, run_config, run_recorded

if TYPE_CHECKING:
    from pytorch_lightning import LightningDataModule

CONFIG_NAME = "train"
TRUST = "trust: only with resume= or repeat=; what a call names is trusted"


@overload
def train(config: DictConfig | TrainConfig, /) -> Result: ...
@overload
def train(*overrides: str, trust: Sequence[str] = ()) -> Result: ...
def train(*given: str | DictConfig | TrainConfig, trust: Sequence[str] = ()) -> Result:
    """Train and test one network, as `akshar train` does, in a folder of its own under `outputs/`.

    Ctrl-C, or a notebook's stop button, saves the run before it stops; `train("resume=FOLDER")` continues it.

    Args:
        *given: the words after `akshar train`: overrides, `resume=RUN`, `repeat=RUN`, `--config-dir=FOLDER`. Or one
            config: of `compose`, or of a Hydra application whose config builds on akshar's `train.yaml`; its output
            folder is then the run's.
        trust: packages whose parts the config of `resume=` or `repeat=` may name.

    Returns:
        What `result.json` holds; `result.folder` is the run's folder.

    Raises:
        AksharError: a `UsageError` for a config with a problem, or another error that ended the run.
        KeyboardInterrupt: the run was stopped, and is saved.
        Interrupted: likewise, by another signal than Ctrl-C.
    """
    try:
        with logging_restored():
            ended = _run(given, trust)
    except Interrupted as stop:
        if stop.signal_number == signal.SIGINT:
            raise KeyboardInterrupt from None
        raise
    if isinstance(ended.error, SystemExit):
        raise AksharError(describe(ended.error)) from ended.error
    if ended.error is not None:
        raise ended.error
    return result_of(ended.run_dir)


def compose(*overrides: str) -> TrainConfig:
    """Compose and check the config of `akshar train`, without running anything.

    Args:
        *overrides: the words after `akshar train`.

    Raises:
        UsageError: with every problem found.
    """
    with composing(CONFIG_NAME):
        return _compose(_overrides(overrides)).config


def sweep(folder: str | Path) -> list[dict[str, Any]]:
    """Return the table of a sweep, with the columns of its `sweep.csv`; write nothing.

    Args:
        folder: of the sweep, or "latest".

    Returns:
        A dict for each combination of the values that vary, ranked by validation, with mean and deviation (`_sd`)
        of each metric over seeds and folds.

    Raises:
        UsageError: not the folder of a sweep, or one that holds no runs.
    """
    return dicts(*read_columns(find_sweep(str(folder))))


def load_data(*overrides: str) -> "LightningDataModule":
    """Load, split and batch the images as `akshar train` does, to look at them or to train on them in another way.

    Args:
        *overrides: the words after `akshar train`.

    Returns:
        akshar's `ImageDataModule`, or the config's own LightningDataModule.

    Raises:
        UsageError: for a config with a problem, or images that cannot be loaded as it says.
    """
    from akshar.training.parts import build_data  # imported late: loads torch

    return build_data(compose(*overrides))


def read_result(folder: str | Path) -> Result:
    """Return what a completed run's `result.json` holds, also for a run of an earlier version.

    Args:
        folder: of the run.

    Raises:
        UsageError: not the folder of a completed run, or a damaged one.
    """
    return result_of(RunDir(Path(folder).expanduser()))


def compare(*folders: str | Path) -> Comparison:
    """Compare runs image by image on the same test images, as `akshar compare` does; write nothing.

    Args:
        *folders: of two or more runs of `train` or `test`; each later one is compared with the first.

    Raises:
        UsageError: fewer than two, or runs that were not tested on the same images.
    """
    if len(folders) < 2:
        raise UsageError(f"compare: needs at least two runs, not {len(folders)}")
    run_dirs = [RunDir(Path(folder).expanduser()) for folder in folders]
    return compare_runs(run_dirs, [read_predictions(run_dir.path) for run_dir in run_dirs])


def _run(given: Sequence[str | DictConfig | TrainConfig], trust: Sequence[str]) -> EndedJob:
    if (launch := cluster_launch()) is not None:
        raise UsageError(
            f"train: runs in one process, and {launch.launcher} started {launch.tasks}; in several it is  "
            f"{launch.command} train ..."
        )
    words = [word for word in given if isinstance(word, str)]
    configs = [config for config in given if not isinstance(config, str)]
    if configs:
        if len(given) > 1:
            raise UsageError("train: give one config, or overrides, not both")
        if not isinstance(config := configs[0], DictConfig | TrainConfig):
            raise UsageError(
                f"train: takes overrides or a config, not {type(config).__name__}; akshar.compose(...) makes one"
            )
        if trust:
            raise UsageError(TRUST)
        hydra = running_application()
        record = config.to_record() if isinstance(config, TrainConfig) else to_record(config, hydra)
        return run_config(validate(record, TrainConfig), Path(hydra.runtime.output_dir) if hydra else None)
    if any(word.startswith("--trust") for word in words):
        raise UsageError('--trust: give it as an argument, trust=["my_package"]')
    trust = [trust] if isinstance(trust, str) else trust
    words = mask_and_remember(words)
    if is_recorded(words):
        return run_recorded(words, trust)
    if trust:
        raise UsageError(TRUST)
    overrides = _overrides(words)
    with composing(CONFIG_NAME):
        return run_composed(_compose(overrides))


def _overrides(words: Sequence[str]) -> list[str]:
    options, overrides = split_words(words)
    sweep_words = [word for word in overrides if word.partition("=")[0] in SWEEP_KEYS]
    if unknown := [*options, *sweep_words]:
        raise UsageError(f"{unknown[0]}: only on the command line; several values need `akshar train -m`")
    return overrides


def _compose(overrides: Sequence[str]) -> composer.Composed[TrainConfig]:
    composed = composer.compose(CONFIG_NAME, overrides, TrainConfig)
    if composed.is_multirun:
        preset = next((word for word in overrides if word.startswith("sweep=")), "hydra.mode=MULTIRUN")
        raise UsageError(f"{preset}: several values need akshar train -m")
    return composed
