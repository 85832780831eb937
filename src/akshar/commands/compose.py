"""From the words of a command line to a checked config: all that is wrong with it is said at once."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError, MissingMandatoryValue, OmegaConfBaseException

from akshar.conf_folder import config_folder
from akshar.errors import BadRequest
from akshar.runs.history import direction
from akshar.runs.record import new_run_name
from akshar.runs.settings import all_keys, config_problems, did_you_mean

CONFIG_NAME = "train"
PATH_KEYS = (
    "data.archive",
    "data.root",
    "data.cache_dir",
    "data.url",
    "init_from",
    "hydra.run.dir",
    "hydra.sweep.dir",
)
_UNQUOTED = re.compile(r"[\w./:+%@-]*", re.ASCII)  # what Hydra's grammar takes as it is

# Made once a command line and process, however often Hydra composes.
OmegaConf.register_new_resolver("akshar_run_name", new_run_name, use_cache=True, replace=True)
OmegaConf.register_new_resolver("akshar_direction", direction, replace=True)


def quote_paths(overrides: Sequence[str]) -> list[str]:
    """Quotes the values of keys that hold paths, which Hydra's grammar would otherwise refuse or split.

    >>> quote_paths(["data.root=~/चित्र (1)", "seed=1,2", "data.root=x"])
    ["data.root='~/चित्र (1)'", 'seed=1,2', 'data.root=x']
    """
    quoted = []
    for override in overrides:
        key, equals, value = override.partition("=")
        if key.lstrip("+") in PATH_KEYS and not _UNQUOTED.fullmatch(value) and value[:1] not in ("'", '"', "$"):
            escaped = re.sub(r"(\\+)(?='|$)", r"\1\1", value).replace("'", "\\'")
            quoted.append(f"{key}{equals}'{escaped}'")
        else:
            quoted.append(override)
    return quoted


def search_path_override(folder: str) -> str:
    """The override by which a folder of a person's own configs is found too.

    Raises:
        BadRequest: there is no such folder.
    """
    path = Path(folder).expanduser().resolve()
    if not path.is_dir():
        raise BadRequest(f"--config-dir {folder}: no such folder")
    escaped = str(path).replace("'", "\\'")
    return f"hydra.searchpath=['file://{escaped}']"


def check_overrides(overrides: Sequence[str]) -> None:
    """Composes the config as Hydra will and holds it against the schema.

    Args:
        overrides: as Hydra takes them; of a sweep the first value of each key is composed.

    Raises:
        BadRequest: with every problem found.
    """
    with _hydra():
        parsed, problems = _parse(overrides)
        search_path = [text for override, text in parsed if override.key_or_group == "hydra.searchpath"]
        groups, values = [], []
        for override, text in parsed:
            if override.key_or_group.startswith("hydra.") or override.key_or_group == "hydra":
                continue
            choices = _choices(override.key_or_group, search_path)
            if choices and not override.is_delete():
                problems += _group_problems(override, choices)
                groups += [] if _group_problems(override, choices) else [_first(override, text)]
            else:
                values.append((override, text))
        good = [*search_path, *groups]
        try:
            base = compose(CONFIG_NAME, good)
            for override, text in values:
                if problem := _key_problem(override, base):
                    problems.append(problem)
                else:
                    good.append(_first(override, text))
            config = compose(CONFIG_NAME, good)
        except (HydraException, OmegaConfBaseException) as error:
            raise BadRequest(*problems, _first_line(error)) from error
        try:
            problems += config_problems(plain(config))
        except BadRequest as error:
            problems += error.problems
    if problems:
        raise BadRequest(*dict.fromkeys(problems))


def plain(config: DictConfig) -> dict[str, Any]:
    """A config as plain values, every interpolation resolved, without the parts that only compose it.

    Raises:
        BadRequest: a value that must be given is missing, or an interpolation leads nowhere.
    """
    try:
        content = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        key = error.full_key.replace("data.source.", "data.") if error.full_key else "a value"
        raise BadRequest(f"{key}: must be given, as {key}=VALUE") from error
    except (InterpolationKeyError, OmegaConfBaseException) as error:
        raise BadRequest(f"{getattr(error, 'full_key', None) or 'config'}: {_first_line(error)}") from error
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items() if key not in ("experiment", "debug", "hydra")}


@contextmanager
def _hydra() -> Iterator[None]:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        yield
    GlobalHydra.instance().clear()


def _parse(overrides: Sequence[str]) -> tuple[list[tuple[Override, str]], list[str]]:
    parser, parsed, problems = OverridesParser.create(), [], []
    for text in overrides:
        try:
            parsed.append((parser.parse_override(text), text))
        except HydraException:
            key, equals, _ = text.partition("=")
            if equals:
                problems.append(f"{key}: Hydra cannot read {text!r}; put the value in quotes: '{key}=\"VALUE\"'")
            else:
                problems.append(f"{text}: is no KEY=VALUE")
    return parsed, problems


def _choices(group: str, search_path: list[str]) -> list[str]:
    """The files of a group, in ours and in a person's own folder; empty for what is no group."""
    loader = GlobalHydra.instance().config_loader()
    own = loader.get_group_options(group)
    for text in search_path:
        folder = Path(text.partition("file://")[2].rstrip("]'").replace("\\'", "'"))
        own = [*own, *(path.stem for path in (folder / group).glob("*.yaml"))]
    return sorted({*own} - {"base"})


def _group_problems(override: Override, choices: list[str]) -> list[str]:
    value = override.value()
    wanted = value if isinstance(value, list) else [value]
    if override.is_sweep_override():
        wanted = list(override.sweep_iterator())
    named = [item for item in wanted if not (isinstance(item, str) and "," in item)]
    return [
        f"{override.key_or_group}={item}: no such choice{did_you_mean(str(item), choices)} "
        f"(there are {', '.join(choices)})"
        for item in named
        if item is not None and str(item).strip("'\"") not in choices and not isinstance(item, list)
    ]


def _key_problem(override: Override, base: DictConfig) -> str | None:
    key = override.key_or_group
    config = _keys(base)
    known = all_keys(config)
    if override.is_add() or override.is_force_add():
        if key.startswith("data.") and not key.startswith("data.source.") and key not in known:
            return f"{key}: no such key{did_you_mean(key, known)}"
        return None
    if override.is_delete() or key in known or any(name.startswith(f"{key}.") for name in known):
        return None
    return f"{key}: no such key{did_you_mean(key, known)}"


def _keys(config: DictConfig) -> dict[str, Any]:
    """A config's keys as plain values, interpolations left as they are."""
    content = OmegaConf.to_container(config, resolve=False)
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def _first(override: Override, text: str) -> str:
    """The override with the first value of its sweep."""
    if not override.is_sweep_override():
        return text
    value = next(iter(override.sweep_string_iterator()))
    return f"{text.partition('=')[0]}={value}"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
