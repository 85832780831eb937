"""Overrides on the command line, read one by one, so that each problem is reported."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from hydra.errors import HydraException

from akshar.config.conf_dir import conf_dir
from akshar.config.groups import NAMED, is_base
from akshar.config.keys import all_keys, did_you_mean
from akshar.config.places import PLACES
from akshar.errors import UsageError

SWEEP_KEYS = ("sweep.resume", "sweep.fail_fast")  # about a whole sweep, not part of a run's config
PATH_KEYS = (*PLACES, "checkpoint", "hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir")
QUOTED_KEYS = (*PATH_KEYS, "hydra.sweeper.search.storage")


def quote_paths(overrides: Sequence[str]) -> list[str]:
    """Quote the values of keys that hold paths or an address, which Hydra's grammar would refuse or split.

    >>> quote_paths(["data.root=~/चित्र (1)", "seed=1,2", "data.root=x"])
    ["data.root='~/चित्र (1)'", 'seed=1,2', "data.root='x'"]
    """
    quoted = []
    for override in overrides:
        key, equals, value = override.partition("=")
        if key.lstrip("+") in QUOTED_KEYS and equals and value != "null" and value[:1] not in ("'", '"', "$"):
            escaped = re.sub(r"(\\+)(?='|$)", r"\1\1", value).replace("'", "\\'")
            quoted.append(f"{key}{equals}'{escaped}'")
        else:
            quoted.append(override)
    return quoted


def parse(overrides: Sequence[str]) -> tuple[list[tuple[Override, str]], list[str]]:
    """Parse overrides, with globs written out; return each with its text, and one line for each with a problem."""
    parser, parsed, problems = OverridesParser.create(), [], []
    for text in overrides:
        try:
            parsed.append((parser.parse_override(text), text))
        except HydraException:
            key, equals, _ = text.partition("=")
            if equals:
                problems.append(f"{key}: Hydra cannot read {text!r}; put the value in quotes: '{key}=\"VALUE\"'")
            else:
                is_experiment = (conf_dir() / "experiment" / f"{text}.yaml").is_file()
                hint = f"; did you mean experiment={text}?" if is_experiment else ""
                problems.append(f"{text!r} is not a KEY=VALUE override{hint}")
    written_out = []
    for override, text in parsed:
        try:
            written_out.append(expand_glob(override, text, choices_of(override, parsed)))
        except UsageError as error:
            problems += error.problems
    return written_out, problems


def expand_glob(override: Override, text: str, choices: Sequence[str]) -> tuple[Override, str]:
    """Write out a glob, as `optimizer=glob(*)`, as a sweep over those of a group's choices that it selects.

    Raises:
        UsageError: it selects nothing.
    """
    glob = override.value()
    if not isinstance(glob, Glob):
        return override, text
    if not choices:
        raise UsageError(f"{text}: glob() is for the choices of a group; {override.key_or_group} is not a group")
    if not (selected := glob.filter([*choices])):
        raise UsageError(f"{text}: selects none of the choices ({', '.join(choices)})")
    text = f"{override.get_key_element()}={','.join(selected)}"
    return OverridesParser.create().parse_override(text), text


def is_hydra_override(override: Override) -> bool:
    """Whether an override is about Hydra itself (and not a choice of a launcher or sweeper)."""
    return override.key_or_group == "hydra" or override.key_or_group.startswith("hydra.")


def choices_of(override: Override, parsed: Sequence[tuple[Override, str]]) -> list[str]:
    """List the choices of the group that an override names; empty if it names a key, or deletes."""
    group = override.key_or_group
    if is_hydra_override(override) or override.is_delete():
        return []
    choices = [*GlobalHydra.instance().config_loader().get_group_options(group)]
    for other, _ in parsed:
        if other.key_or_group == "hydra.searchpath" and isinstance(addresses := other.value(), list):
            folders = [Path(str(address).removeprefix("file://")) for address in addresses]
            choices += [path.stem for folder in folders for path in (folder / group).glob("*.yaml")]
    return sorted(name for name in {*choices} if not is_base(name))


def group_problems(override: Override, choices: list[str]) -> list[str]:
    """Write one line for each choice that does not exist."""
    group, value = override.key_or_group, override.value()
    available = f"(choices: {', '.join(choices)})"
    if value is None:
        return [f"{group}=null: name a choice {available}, or leave it out"]
    if isinstance(value, list) and group not in NAMED:
        return [f"{group}: takes one choice {available}; several, as {group}=A,B, need -m"]
    wanted = list(override.sweep_iterator()) if override.is_sweep_override() else value
    return [
        f"{group}={item}: no such choice{did_you_mean(str(item), choices)} {available}"
        for item in (wanted if isinstance(wanted, list) else [wanted])
        if str(item).strip("'\"") not in choices and not str(item).startswith("[")
    ]


def key_problem(override: Override, config: Mapping[str, Any], arguments: Sequence[str] = ()) -> str | None:
    """Say what is wrong with the key of a value's override.

    Args:
        override: of a value.
        config: composed with every choice made.
        arguments: keys that could be added to it, for the suggestion.
    """
    key = override.key_or_group
    known = [*all_keys(config), *arguments]
    if override.is_add() or override.is_force_add() or override.is_delete():
        return None  # checked when the config is validated
    if key in known or any(name.startswith(f"{key}.") for name in known):
        return None
    return f"{key}: no such key{did_you_mean(key, known)}"


def first_of_sweep(override: Override, text: str) -> str:
    """Reduce a sweep to its first value, or an interval to its lower end."""
    if not override.is_sweep_override():
        return text
    if not override.is_discrete_sweep():
        return f"{text.partition('=')[0]}={getattr(override.value(), 'start', None)}"
    value = next(iter(override.sweep_string_iterator()))
    return f"{text.partition('=')[0]}={value}"
