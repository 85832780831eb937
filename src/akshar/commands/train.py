"""`akshar train`: a fresh run or a sweep composed by Hydra, a run that goes on, or one that is repeated."""

import dataclasses
import logging.config
import sys
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from akshar.commands import repeat, resume
from akshar.commands.compose import CONFIG_NAME, check_overrides, plain
from akshar.commands.job import run_job
from akshar.commands.overrides import quote_paths, search_path_override
from akshar.conf_folder import config_folder
from akshar.errors import BadRequest
from akshar.runs.record import RunFolder, new_run_name

# Of Hydra's own options: those with a value, and those that show something and run nothing.
WITH_VALUE = ("--config-dir", "-cd", "--config-name", "-cn", "--package", "-p", "--info", "-i", "--cfg", "-c")
SHOWING = ("--cfg", "-c", "--info", "-i", "--hydra-help", "--shell-completion", "-sc")
ALONE = ("--multirun", "-m", "--run", "-r", "--resolve", "--hydra-help", "--shell-completion", "-sc")
RECORDED = ("resume", "repeat")  # keys that take the config from a run in place of composing it


@dataclasses.dataclass
class Outcome:
    """What the jobs of one command line came to; the process ends with the worst exit code."""

    exit_code: int = 0


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
    if not any(option in SHOWING for option in options):
        check_overrides(overrides, multirun=bool({"-m", "--multirun"} & {*options}))
        refuse_taken_folder(overrides)
    outcome = Outcome()
    command_line = sys.argv

    def job(config: DictConfig) -> None:
        # Lightning's DDP starts its other processes by replaying the command line, verb and all.
        sys.argv = command_line
        folder = RunFolder(Path(HydraConfig.get().runtime.output_dir))
        with folder.held():
            outcome.exit_code = max(outcome.exit_code, run_job(plain(config), folder))

    sys.argv = [command_line[0], *options, *overrides]
    try:
        hydra.main(version_base="1.3", config_path=str(config_folder()), config_name=CONFIG_NAME)(job)()
    finally:
        sys.argv = command_line
    return outcome.exit_code


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
            _log_to(folder)
            return run_job(settings, folder, resumed=True)
    first = repeat.read_result(run)
    settings = repeat.repeated_settings(first, overrides)
    folder = RunFolder(Path("outputs/train", new_run_name()).absolute())
    folder.make()
    _log_to(folder)
    with folder.held():
        exit_code = run_job(settings, folder, precision=first["provenance"]["precision"])
    return exit_code or int(not repeat.compare(first, folder, run))


def _log_to(folder: RunFolder) -> None:
    """Sets logging up as Hydra does for a fresh run."""
    config = OmegaConf.load(config_folder() / "hydra" / "job_logging" / "akshar.yaml")
    OmegaConf.update(config, "handlers.file.filename", str(folder.log))
    content = OmegaConf.to_container(config)
    assert isinstance(content, dict)
    logging.config.dictConfig({str(key): value for key, value in content.items()})


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
