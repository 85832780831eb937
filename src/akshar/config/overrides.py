"""The words of a command line as Hydra's overrides: read one by one, so that each problem is named."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from akshar.config.conf_dir import conf_dir
from akshar.config.schema import all_keys, did_you_mean
from akshar.errors import UsageError

PATH_KEYS = (
    "data.archive",
    "data.root",
    "data.cache_dir",
    "data.url",
    "init_from",
    "checkpoint",
    "hydra.run.dir",
    "hydra.sweep.dir",
)


def quote_paths(overrides: Sequence[str]) -> list[str]:
    """Quotes the values of keys that hold paths, which Hydra's grammar would otherwise refuse or split.

    >>> quote_paths(["data.root=~/चित्र (1)", "seed=1,2", "data.root=x"])
    ["data.root='~/चित्र (1)'", 'seed=1,2', "data.root='x'"]
    """
    quoted = []
    for override in overrides:
        key, equals, value = override.partition("=")
        if key.lstrip("+") in PATH_KEYS and equals and value != "null" and value[:1] not in ("'", '"', "$"):
            escaped = re.sub(r"(\\+)(?='|$)", r"\1\1", value).replace("'", "\\'")
            quoted.append(f"{key}{equals}'{escaped}'")
        else:
            quoted.append(override)
    return quoted


def search_path_override(folder: str) -> str:
    """The override by which a folder of a person's own configs is found too.

    Raises:
        UsageError: there is no such folder.
    """
    path = Path(folder).expanduser().resolve()
    if not path.is_dir():
        raise UsageError(f"--config-dir {folder}: no such folder")
    escaped = str(path).replace("'", "\\'")
    return f"hydra.searchpath=['file://{escaped}']"


def parse(overrides: Sequence[str]) -> tuple[list[tuple[Override, str]], list[str]]:
    """The overrides that can be read, each with its text, and a line for each that cannot."""
    parser, parsed, problems = OverridesParser.create(), [], []
    for text in overrides:
        try:
            parsed.append((parser.parse_override(text), text))
        except HydraException:
            key, equals, _ = text.partition("=")
            if equals:
                problems.append(f"{key}: Hydra cannot read {text!r}; put the value in quotes: '{key}=\"VALUE\"'")
            else:
                meant = (conf_dir() / "experiment" / f"{text}.yaml").is_file()
                problems.append(
                    f"{text}: is no KEY=VALUE" + (f"; did you mean experiment={text}?" if meant else "")
                )
    return parsed, problems


def choices_of(group: str, search_path: list[str]) -> list[str]:
    """The files of a group, in ours and in a person's own folder; empty for what is no group."""
    loader = GlobalHydra.instance().config_loader()
    own = loader.get_group_options(group)
    for text in search_path:
        folder = Path(text.partition("file://")[2].rstrip("]'").replace("\\'", "'"))
        own = [*own, *(path.stem for path in (folder / group).glob("*.yaml"))]
    return sorted({*own} - {"base"})


def group_problems(override: Override, choices: list[str]) -> list[str]:
    """A line for each choice that there is not."""
    group, value = override.key_or_group, override.value()
    available = f"(there are {', '.join(choices)})"
    if value is None:
        return [f"{group}=null: name one {available}, or leave it out"]
    if isinstance(value, list) and group != "callbacks":
        return [f"{group}: takes one choice {available}; several, as {group}=A,B, need -m"]
    wanted = list(override.sweep_iterator()) if override.is_sweep_override() else value
    return [
        f"{group}={item}: no such choice{did_you_mean(str(item), choices)} {available}"
        for item in (wanted if isinstance(wanted, list) else [wanted])
        if str(item).strip("'\"") not in choices and not str(item).startswith("[")
    ]


def key_problem(override: Override, config: dict[str, Any]) -> str | None:
    """What is wrong with the key of an override of one value, in a config that has all the choices made."""
    key = override.key_or_group
    known = all_keys(config)
    if override.is_add() or override.is_force_add():
        if key.startswith("data.") and not key.startswith("data.source.") and key not in known:
            return f"{key}: no such key{did_you_mean(key, known)}"
        return None
    if override.is_delete() or key in known or any(name.startswith(f"{key}.") for name in known):
        return None
    return f"{key}: no such key{did_you_mean(key, known)}"


def first_of_sweep(override: Override, text: str) -> str:
    """The override with the first value of its sweep, or an interval's lower end."""
    if not override.is_sweep_override():
        return text
    if not override.is_discrete_sweep():
        return f"{text.partition('=')[0]}={getattr(override.value(), 'start', None)}"
    value = next(iter(override.sweep_string_iterator()))
    return f"{text.partition('=')[0]}={value}"
