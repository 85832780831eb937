"""`akshar train`: a fresh run or a sweep composed by Hydra, a run that goes on, or one that is repeated."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from akshar.config.compose import CONFIG_NAME, check_overrides
from akshar.config.hydra_app import SHOWING, refuse_taken_folder, run_hydra, split_words
from akshar.errors import UsageError
from akshar.runs.log_setup import log_to
from akshar.runs.run_dir import RunDir, new_run_name
from akshar.sweeps import multirun
from akshar.training import repeat, resume
from akshar.training.job import run_job

RECORDED = ("resume", "repeat")  # keys that take the config from a run in place of composing it


def main(arguments: Sequence[str]) -> int:
    """Runs the verb.

    Args:
        arguments: what follows `akshar train`: overrides and Hydra's own flags.

    Returns:
        0, 2 for a bad request, 1 for work that failed.
    """
    if any(word.partition("=")[0] in RECORDED for word in arguments):
        return _run_recorded(arguments)
    options, overrides = split_words(arguments)
    if any(option in SHOWING for option in options):
        run_hydra(CONFIG_NAME, options, overrides, lambda settings, folder: None)
        return 0
    own = [word for word in overrides if word.partition("=")[0] not in multirun.SWEEP_KEYS]
    check_overrides(own, multirun=bool({"-m", "--multirun"} & {*options}))
    if multirun.is_sweep_requested(options, overrides):
        return multirun.run_sweep(
            overrides, lambda words, job: run_hydra(CONFIG_NAME, [*options, "-m"], words, job)
        )
    refuse_taken_folder(overrides)
    codes = []

    def job(settings: dict[str, Any], folder: RunDir) -> None:
        with folder.locked():
            codes.append(run_job(settings, folder))

    run_hydra(CONFIG_NAME, options, overrides, job)
    return max(codes, default=0)


def _run_recorded(words: Sequence[str]) -> int:
    """Runs `resume=RUN` or `repeat=RUN`, which need nothing composed."""
    named = [word for word in words if word.partition("=")[0] in RECORDED]
    if len(named) > 1:
        raise UsageError(f"{' '.join(named)}: one at a time")
    if options := [word for word in words if word.startswith("-")]:
        raise UsageError(f"{options[0]}: cannot stand beside {named[0]}, which takes its config from that run")
    verb, _, run = named[0].partition("=")
    overrides = [word for word in words if word not in named]
    if verb == "resume":
        folder = resume.find_run(run)
        with folder.locked():
            settings = resume.resumed_settings(folder, overrides)
            log_to(folder)
            return run_job(settings, folder, resumed=True)
    first = repeat.read_result(run)
    settings = repeat.repeated_settings(first, overrides)
    folder = RunDir(Path("outputs/train", new_run_name()).absolute())
    folder.make()
    log_to(folder)
    with folder.locked():
        exit_code = run_job(settings, folder, precision=first["provenance"]["precision"])
    return exit_code or int(not repeat.compare(first, folder, run))
