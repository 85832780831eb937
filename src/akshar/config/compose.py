"""From overrides to a checked config: all that is wrong with it is said at once."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, MissingMandatoryValue, OmegaConfBaseException

from akshar.config.conf_dir import conf_dir
from akshar.config.monitor import direction
from akshar.config.overrides import choices_of, first_of_sweep, group_problems, key_problem, parse
from akshar.config.validate import find_problems
from akshar.errors import UsageError
from akshar.runs.run_dir import new_run_name

CONFIG_NAME = "train"
# Made once a command line and process, however often Hydra composes.
OmegaConf.register_new_resolver("akshar_run_name", new_run_name, use_cache=True, replace=True)
OmegaConf.register_new_resolver("akshar_direction", direction, replace=True)
# Our presets of launchers have their plugins' names, for which Hydra holds them against the plugins' schemas.
warnings.filterwarnings("ignore", message="(?s).*hydra/launcher/.*is validated against ConfigStore schema")


def check_overrides(
    overrides: Sequence[str],
    multirun: bool = False,
    config_name: str = CONFIG_NAME,
    find: Callable[[dict[str, Any]], list[str]] = find_problems,
) -> None:
    """Composes the config as Hydra will and holds it against the schema.

    Args:
        overrides: as Hydra takes them; of a sweep the first value of each key is composed.
        multirun: whether a key may have several values.
        config_name: of the verb's config.
        find: what is wrong with it, composed.

    Raises:
        UsageError: with every problem found.
    """
    with composing():
        parsed, problems = parse(overrides)
        search_path = [text for override, text in parsed if override.key_or_group == "hydra.searchpath"]
        if not multirun:
            problems += [
                f"{text}: several values need -m" for override, text in parsed if override.is_sweep_override()
            ]
        groups, values = [], []
        for override, text in parsed:
            if override.key_or_group.startswith("hydra.") or override.key_or_group == "hydra":
                continue
            choices = choices_of(override.key_or_group, search_path)
            if choices and not override.is_delete():
                wrong = group_problems(override, choices)
                problems += wrong
                groups += [] if wrong else [first_of_sweep(override, text)]
            else:
                values.append((override, text))
        good = [*search_path, *groups]
        try:
            base = compose(config_name, good)
            for override, text in values:
                if problem := key_problem(override, _keys(base)):
                    problems.append(problem)
                else:
                    good.append(first_of_sweep(override, text))
            config = compose(config_name, good)
        except (HydraException, OmegaConfBaseException) as error:
            raise UsageError(*problems, _first_line(error)) from error
        try:
            problems += find(plain(config))
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(*dict.fromkeys(problems))


def plain(config: DictConfig) -> dict[str, Any]:
    """A config as plain values, every interpolation resolved, without the parts that only compose it.

    Raises:
        UsageError: a value that must be given is missing, or an interpolation leads nowhere.
    """
    try:
        content = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        key = error.full_key.replace("data.source.", "data.") if error.full_key else "a value"
        raise UsageError(f"{key}: must be given, as {key}=VALUE") from error
    except (InterpolationKeyError, OmegaConfBaseException) as error:
        raise UsageError(f"{getattr(error, 'full_key', None) or 'config'}: {_first_line(error)}") from error
    assert isinstance(content, dict)
    return {
        str(key): value for key, value in content.items() if key not in ("experiment", "sweep", "debug", "hydra")
    }


@contextmanager
def composing() -> Iterator[None]:
    """Inside, Hydra composes from `conf/`."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        yield
    GlobalHydra.instance().clear()


def _keys(config: DictConfig) -> dict[str, Any]:
    """A config's keys as plain values, interpolations left as they are."""
    content = OmegaConf.to_container(config, resolve=False)
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
