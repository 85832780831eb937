"""A verb as a Hydra application: its words sorted, its config composed and run by Hydra."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from akshar.config.compose import plain
from akshar.config.conf_dir import conf_dir
from akshar.config.overrides import quote_paths, search_path_override
from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir

# Of Hydra's own options: those with a value, and those that show something and run nothing.
WITH_VALUE = ("--config-dir", "-cd", "--config-name", "-cn", "--package", "-p", "--info", "-i", "--cfg", "-c")
SHOWING = ("--cfg", "-c", "--info", "-i", "--hydra-help", "--shell-completion", "-sc")
ALONE = ("--multirun", "-m", "--run", "-r", "--resolve", "--hydra-help", "--shell-completion", "-sc")

Job = Callable[[dict[str, Any], RunDir], None]


def run_hydra(config_name: str, options: Sequence[str], overrides: Sequence[str], job: Job) -> None:
    """Lets Hydra compose and run; each of its jobs comes to `job` as plain settings and a folder."""
    command_line = sys.argv

    def task(config: DictConfig) -> None:
        sys.argv = command_line  # the process's own, for the record
        job(plain(config), RunDir(Path(HydraConfig.get().runtime.output_dir)))

    sys.argv = [command_line[0], *options, *overrides]
    try:
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name=config_name)(task)()
    finally:
        sys.argv = command_line


def split_words(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Hydra's options with their values, and the overrides, quoted where they hold paths.

    A folder of a person's own configs becomes an override, so that checking and running find the same files.

    Raises:
        UsageError: an option that there is not, or a folder that there is not.
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
            raise UsageError(f"{word}: no such option; `akshar VERB --help` shows what there is")
    return options, quote_paths(overrides)


def refuse_taken_folder(overrides: Sequence[str]) -> None:
    """Refuses `hydra.run.dir` where a run lies already, before Hydra writes anything there."""
    for override in overrides:
        key, _, value = override.partition("=")
        folder = Path(value.strip("'\""))
        if key == "hydra.run.dir" and (folder / "status.json").exists():
            raise UsageError(
                f"hydra.run.dir={folder}: holds a run already; choose another folder, or go on with it by "
                f"resume={folder}"
            )
