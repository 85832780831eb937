"""Keys that no config file names and a part's target takes: on the command line they need no `+`."""

from collections.abc import Mapping
from inspect import Parameter
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from akshar.config.groups import NAMED
from akshar.config.keys import all_keys, did_you_mean
from akshar.config.targets import signature_of


def with_plus(override: Override, text: str, config: Mapping[str, Any]) -> tuple[Override, str]:
    """Let Hydra add a key that the target of its part takes, or a part with a name of the user's choice.

    Args:
        override: of a value.
        text: the same, as it was given.
        config: composed with every choice made.

    Returns:
        The override and its text, with `++` before it where that is needed.
    """
    key = override.key_or_group
    if override.is_add() or override.is_force_add() or override.is_delete():
        return override, text
    if not is_new_part(key) and (key in all_keys(config) or not _is_taken(key, config)):
        return override, text
    return OverridesParser.create().parse_override(f"++{text}"), f"++{text}"


def is_new_part(key: str) -> bool:
    """Whether a key is the target of a part under a name of the user's choice, as `callbacks.mine._target_`."""
    group, *names = key.split(".")
    return group in NAMED and names[1:] == ["_target_"]


def argument_keys(key: str, config: Mapping[str, Any]) -> list[str]:
    """List the keys of the arguments that the part of a key takes by its target's signature."""
    path, _, parameters = _part_of(key, config)
    return [f"{path}.{name}" for name, kind in parameters.items() if kind is not Parameter.VAR_KEYWORD]


def _is_taken(key: str, config: Mapping[str, Any]) -> bool:
    _, name, parameters = _part_of(key, config)
    if name in parameters:
        return True
    is_open = Parameter.VAR_KEYWORD in parameters.values()
    return is_open and not did_you_mean(key, [*all_keys(config), *argument_keys(key, config)])


def _part_of(key: str, config: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Find the part that a key belongs to: its path, the argument's name, and name -> kind of its parameters."""
    names, node, depth = key.split("."), config, 0
    while depth < len(names) - 1 and isinstance(inner := node.get(names[depth]), Mapping):
        node, depth = inner, depth + 1
    path, target = ".".join(names[:depth]), node.get("_target_")
    if not isinstance(target, str):
        return path, names[depth], {}
    try:
        signature = signature_of(target)
    except (Exception, SystemExit):  # of an imported module; the config's check says what is wrong with the target
        return path, names[depth], {}
    return path, names[depth], {name: p.kind for name, p in signature.parameters.items()} if signature else {}
