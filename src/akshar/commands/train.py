"""`akshar train`: compose, check, split, fit, keep the best by validation, test it once, record."""

import dataclasses
import logging
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from akshar.commands.compose import CONFIG_NAME, check_overrides, plain
from akshar.commands.overrides import quote_paths, search_path_override
from akshar.conf_folder import config_folder
from akshar.errors import AksharError, BadRequest, Diverged
from akshar.memory import keep_freed_memory
from akshar.runs.record import write_status
from akshar.runs.settings import config_problems

log = logging.getLogger(__name__)

# Of Hydra's own options: those with a value, and those that show something and run nothing.
WITH_VALUE = ("--config-dir", "-cd", "--config-name", "-cn", "--package", "-p", "--info", "-i", "--cfg", "-c")
SHOWING = ("--cfg", "-c", "--info", "-i", "--hydra-help", "--shell-completion", "-sc")
ALONE = ("--multirun", "-m", "--run", "-r", "--resolve", "--hydra-help", "--shell-completion", "-sc")


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
    options, overrides = split_words(arguments)
    if not any(option in SHOWING for option in options):
        check_overrides(overrides, multirun=bool({"-m", "--multirun"} & {*options}))
        refuse_taken_folder(overrides)
    outcome = Outcome()
    command_line = sys.argv

    def job(config: DictConfig) -> None:
        # Lightning's DDP starts its other processes by replaying the command line, verb and all.
        sys.argv = command_line
        outcome.exit_code = max(outcome.exit_code, run_job(config))

    sys.argv = [command_line[0], *options, *overrides]
    try:
        hydra.main(version_base="1.3", config_path=str(config_folder()), config_name=CONFIG_NAME)(job)()
    finally:
        sys.argv = command_line
    return outcome.exit_code


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
            raise BadRequest(f"hydra.run.dir={folder}: holds a run already; choose another folder")


def run_job(config: DictConfig) -> int:
    """Runs one composed config in the folder that Hydra made for it, and says how it ended.

    An error is written to the run's own `run.log` and `status.json`; the other jobs of a sweep go on.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    try:
        settings = plain(config)
        if problems := config_problems(settings):
            raise BadRequest(*problems)
        quiet_libraries()
        keep_freed_memory()
        from akshar.commands.experiment import run_experiment  # torch is loaded when all is checked

        run_experiment(settings, folder)
    except AksharError as error:
        return _failed(folder, config, error, error.exit_code)
    except (KeyboardInterrupt, SystemExit) as stop:  # Lightning turns the first into the second
        write_status(folder, "interrupted")
        log.error("interrupted; what was finished lies in %s", folder)
        raise KeyboardInterrupt from stop  # which ends a sweep too
    except Exception as error:
        return _failed(folder, config, error, 1)
    return 0


def _failed(folder: Path, config: DictConfig, error: Exception, exit_code: int) -> int:
    text = str(error) or type(error).__name__
    if not isinstance(error, AksharError):
        text = f"{type(error).__name__}: {text}"
    for line in text.splitlines():
        log.error(line)
    trace = "".join(traceback.format_exception(error))
    with (folder / "run.log").open("a", encoding="utf-8") as file:
        file.write(trace)
    if OmegaConf.select(config, "traceback"):
        sys.stderr.write(trace)
    elif not isinstance(error, AksharError):
        log.error("the traceback is in %s, or add traceback=true", folder / "run.log")
    write_status(folder, "diverged" if isinstance(error, Diverged) else "failed", error=text)
    return exit_code


def quiet_libraries() -> None:
    """Silences warnings that a person who trains can do nothing about."""
    for message in (
        ".*does not have many workers.*",  # there are none to have: batches come from memory
        ".*`training_step` returned `None`.*",
        ".*is not a known distributed.*",
        ".*Checkpoint directory .* exists and is not empty.*",  # this run's own
        ".*The number of training batches .* is smaller than the logging interval.*",
        ".*isinstance\\(treespec, LeafSpec\\).*",
        ".*GPU available but not used.*",
    ):
        warnings.filterwarnings("ignore", message)
