"""`akshar train`: a fresh run or a sweep composed by Hydra, a run that goes on, or one that is repeated."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from akshar.commands import multirun, repeat, resume
from akshar.commands.compose import CONFIG_NAME, check_overrides, plain
from akshar.commands.job import run_job
from akshar.commands.logs import log_to
from akshar.commands.overrides import quote_paths, search_path_override
from akshar.conf_folder import config_folder
from akshar.errors import BadRequest
from akshar.runs.record import RunFolder, new_run_name

# Of Hydra's own options: those with a value, and those that show something and run nothing.
WITH_VALUE = ("--config-dir", "-cd", "--config-name", "-cn", "--package", "-p", "--info", "-i", "--cfg", "-c")
SHOWING = ("--cfg", "-c", "--info", "-i", "--hydra-help", "--shell-completion", "-sc")
ALONE = ("--multirun", "-m", "--run", "-r", "--resolve", "--hydra-help", "--shell-completion", "-sc")
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
        _run_hydra(options, overrides, lambda settings, folder: None)
        return 0
    own = [word for word in overrides if word.partition("=")[0] not in multirun.WORDS]
    check_overrides(own, multirun=bool({"-m", "--multirun"} & {*options}))
    if multirun.is_asked_for(options, overrides):
        return multirun.run_sweep(overrides, lambda words, job: _run_hydra([*options, "-m"], words, job))
    refuse_taken_folder(overrides)
    codes = []

    def job(settings: dict[str, Any], folder: RunFolder) -> None:
        with folder.held():
            codes.append(run_job(settings, folder))

    _run_hydra(options, overrides, job)
    return max(codes, default=0)


def _run_hydra(
    options: Sequence[str], overrides: Sequence[str], job: Callable[[dict[str, Any], RunFolder], None]
) -> None:
    """Lets Hydra compose and run; each of its jobs comes to `job` as plain settings and a folder."""
    command_line = sys.argv

    def task(config: DictConfig) -> None:
        sys.argv = command_line  # the process's own, for the record and for Lightning's DDP, which replays it
        job(plain(config), RunFolder(Path(HydraConfig.get().runtime.output_dir)))

    sys.argv = [command_line[0], *options, *overrides]
    try:
        hydra.main(version_base="1.3", config_path=str(config_folder()), config_name=CONFIG_NAME)(task)()
    finally:
        sys.argv = command_line


def _run_recorded(words: Sequence[str]) -> int:
    """Runs `resume=RUN` or `repeat=RUN`, which need nothing composed."""
    named = [word for word in words if word.partition("=")[0] in RECORDED]
    if len(named) > 1:
        raise BadRequest(f"{' '.join(named)}: one at a time")
    if options := [word for word in words if word.startswith("-")]:
        raise BadRequest(f"{options[0]}: cannot stand beside {named[0]}, which takes its config from that run")
    verb, _, run = named[0].partition("=")
    overrides = [word for word in words if word not in named]
    if verb == "resume":
        folder = resume.find_run(run)
        with folder.held():
            settings = resume.resumed_settings(folder, overrides)
            log_to(folder)
            return run_job(settings, folder, resumed=True)
    first = repeat.read_result(run)
    settings = repeat.repeated_settings(first, overrides)
    folder = RunFolder(Path("outputs/train", new_run_name()).absolute())
    folder.make()
    log_to(folder)
    with folder.held():
        exit_code = run_job(settings, folder, precision=first["provenance"]["precision"])
    return exit_code or int(not repeat.compare(first, folder, run))


def split_words(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Hydra's options with their values, and the overrides, quoted where they hold paths.

    A folder of a person's own configs becomes an override, so that checking and running find the same files.

    Raises:
        BadRequest: an option that there is not, or a folder that there is not.
    """
    options: list[str] = []
    overrides: list[str] = []
    words = iter(arguments)
    for word in words:
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            overrides.append(word)
        elif option in WITH_VALUE:
            value = value if equals else next(words, "")
            if option in ("--config-dir", "-cd"):
                overrides.append(search_path_override(value))
            else:
                options += [option, value]
        elif word in ALONE:
            options.append(word)
        else:
            raise BadRequest(f"{word}: no such option; `akshar train --help` shows what there is")
    return options, quote_paths(overrides)


def refuse_taken_folder(overrides: Sequence[str]) -> None:
    """Refuses `hydra.run.dir` where a run lies already, before Hydra writes anything there."""
    for override in overrides:
        key, _, value = override.partition("=")
        folder = Path(value.strip("'\""))
        if key == "hydra.run.dir" and (folder / "status.json").exists():
            raise BadRequest(
                f"hydra.run.dir={folder}: holds a run already; choose another folder, or go on with it by "
                f"resume={folder}"
            )
