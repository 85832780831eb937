"""The words of a command as Hydra understands them, and what Hydra shows without running anything."""

import sys
from collections.abc import Sequence

import hydra
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from akshar.config.compose import compose, composing
from akshar.config.conf_dir import conf_dir
from akshar.config.overrides import quote_paths
from akshar.config.schema import Section
from akshar.config.search_path import search_path_override
from akshar.credentials import mask
from akshar.errors import UsageError
from akshar.renamed import rename_overrides
from akshar.streams import print_error

# Hydra's options: those with a value, those that show something and run nothing, and those without a value.
WITH_VALUE = ("--config-dir", "-cd", "--config-name", "-cn", "--package", "-p", "--info", "-i", "--cfg", "-c")
SHOWING = ("--cfg", "-c", "--info", "-i", "--hydra-help", "--shell-completion", "-sc")
ALONE = ("--multirun", "-m", "--run", "-r", "--resolve", "--hydra-help", "--shell-completion", "-sc")


def split_words(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split a command line into Hydra's options with their values, and overrides.

    Paths are quoted, old keys renamed, and folders of configs (of `--config-dir`, then of the project) become an
    override, so that checking and running find the same files.

    Raises:
        UsageError: an unknown option, or a folder that does not exist.
    """
    options: list[str] = []
    overrides: list[str] = []
    config_dirs: list[str] = []
    words = iter(arguments)
    for word in words:
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            overrides.append(word)
        elif option in WITH_VALUE:
            value = value if equals else next(words, "")
            if option in ("--config-dir", "-cd"):
                config_dirs.append(value)
            else:
                options += [option, value]
        elif word in ALONE:
            options.append(word)
        else:
            raise UsageError(f"{word}: no such option; see akshar VERB --help")
    added = search_path_override(config_dirs)
    if added and (given := next((word for word in overrides if word.startswith("hydra.searchpath=")), None)):
        raise UsageError(f"{given}: cannot be combined with a project or --config-dir; use --config-dir FOLDER")
    return options, [*added, *quote_paths(rename_overrides(overrides))]


def show(config_name: str, options: Sequence[str], overrides: Sequence[str], schema: type[Section]) -> int:
    """Let Hydra show a config or its own help; what is wrong with the config is said on standard error.

    Returns:
        The exit code: 0, or 2 for a config with a problem.
    """
    problems: Sequence[str] = ()
    try:
        with composing(config_name):
            overrides = compose(config_name, overrides, schema, bool({"-m", "--multirun"} & {*options})).overrides
    except UsageError as error:
        problems = error.problems
    command_line = sys.argv
    sys.argv = [command_line[0], *options, *overrides]
    try:
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name=config_name)(lambda _: None)()
    except (HydraException, OmegaConfBaseException):
        if not problems:
            raise
    finally:
        sys.argv = command_line
    for problem in problems:
        print_error(mask(problem))
    return 2 if problems else 0
