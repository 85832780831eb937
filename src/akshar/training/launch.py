"""Starts a run: a new one, one that continues, or one that is repeated."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from akshar.cluster_launch import check_fit
from akshar.config.compose import Composed
from akshar.config.hydra_app import run_once
from akshar.config.run_name import new_run_name
from akshar.config.schema import TrainConfig
from akshar.errors import UsageError
from akshar.files import printable
from akshar.runs.log_setup import log_to
from akshar.runs.run_dir import RunDir
from akshar.training.job import EndedJob, run_job
from akshar.writable import check_folder

RECORDED = ("resume", "repeat")  # keys that take the config from a run in place of composing it


def is_recorded(words: Sequence[str]) -> bool:
    """Whether the words of `akshar train` name a run whose config is on record."""
    return any(word.partition("=")[0] in RECORDED for word in words)


def run_composed(composed: Composed[TrainConfig]) -> EndedJob:
    """Run what Hydra composed, in the folder that it names; to be called inside `composing`."""

    def job(folder: Path) -> EndedJob:
        run_dir = RunDir(folder)
        with run_dir.locked():
            return run_job(composed.config, run_dir)

    _check_launch(composed.config)
    return run_once(composed.tree, job)


def run_config(config: TrainConfig, folder: Path | None = None, precision: str | None = None) -> EndedJob:
    """Run a config that was not composed here.

    Args:
        config: valid.
        folder: of the run; None for a new one in `outputs/train`.
        precision: in place of "auto", where an earlier run resolved it.

    Raises:
        UsageError: the folder holds a run, or cannot be written.
    """
    _check_launch(config)
    run_dir = RunDir((folder or Path("outputs/train", new_run_name())).absolute())
    check_folder(run_dir.path, str(run_dir))
    if run_dir.status.exists():
        raise UsageError(f"{run_dir}: holds a run; choose another folder, or go on with resume={run_dir}")
    run_dir.make()
    log_to(run_dir)
    with run_dir.locked():
        return run_job(config, run_dir, precision=precision)


def run_recorded(words: Sequence[str], trust: Sequence[str]) -> EndedJob:
    """Run `resume=RUN` or `repeat=RUN`, whose config is on record and may come from someone else.

    Args:
        words: of `akshar train`.
        trust: packages whose parts the config may name.

    Raises:
        UsageError: there is no such run, or the words do not fit it.
    """
    from akshar.training import repeat, resume  # import numpy

    named = [word for word in words if is_recorded([word])]
    if len(named) > 1:
        raise UsageError(f"{' '.join(named)}: give one of them")
    if options := [word for word in words if word.startswith("-")]:
        raise UsageError(f"{options[0]}: cannot be combined with {named[0]}, which takes its config from that run")
    key, _, run = named[0].partition("=")
    overrides = [word for word in words if word not in named]
    if key == "resume":
        resume_from, overrides = resume.split_checkpoint(overrides)
        run_dir = resume.find_run(run)
        check_folder(run_dir.path, f"resume={printable(run)}")
        with run_dir.locked():
            config = resume.resumed_config(run_dir, overrides, resume_from, trust)
            _check_launch(config)
            log_to(run_dir)
            return run_job(config, run_dir, resume_from=resume_from or "last")
    first = repeat.read_record(run)
    ended = run_config(
        repeat.repeated_config(first, overrides, named[0], trust), precision=first.provenance.precision
    )
    return ended if ended.error else replace(ended, matches=repeat.compare(first, ended.run_dir, run))


def _check_launch(config: TrainConfig) -> None:
    check_fit(config.trainer.devices, config.trainer.num_nodes)
