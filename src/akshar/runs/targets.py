"""A config's `_target_`: whether it can be imported, and whether its signature takes the keys beside it."""

import inspect
from difflib import get_close_matches
from pkgutil import resolve_name
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

HYDRA_KEYS = {"_target_", "_partial_", "_convert_", "_recursive_", "_args_"}
FILLED_IN = {("scheduler", "steps"), ("trainer", "auto")}  # words that stand for a value known only later


def target_problems(path: str, node: dict[str, Any], given: set[str], reserved: set[str]) -> list[str]:
    """All that is wrong with one node.

    Args:
        path: of the node in the config, e.g. "model".
        node: `_target_` and its keyword arguments.
        given: arguments that the caller adds.
        reserved: arguments that a config must leave to the caller.

    Returns:
        A line each, beginning with the key.
    """
    try:
        target = resolve_name(node["_target_"])
    except Exception as error:  # whatever the imported module raises
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return [f"{path}._target_={node['_target_']}: cannot be imported ({reason})"]
    keys = {key: value for key, value in node.items() if key not in HYDRA_KEYS}
    taken = [f"{path}.{key}: is kept for akshar; leave it out" for key in sorted(reserved & keys.keys())]
    keys = {key: value for key, value in keys.items() if key not in reserved}
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):  # some builtins have none to hold against
        return taken
    return (
        taken
        + _unknown(path, target, keys, parameters)
        + _missing(path, target, keys, parameters, given)
        + [problem for key, value in keys.items() for problem in _wrong_type(path, target, key, value)]
    )


def _unknown(path: str, target: Any, keys: dict[str, Any], parameters: Any) -> list[str]:
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return []
    problems = []
    for key in keys:
        if key not in parameters:
            near = get_close_matches(key, parameters, n=1)
            hint = f"did you mean {path}.{near[0]}?" if near else f"it takes {', '.join(parameters)}"
            problems.append(f"{path}.{key}: {_name(target)} has no such argument; {hint}")
    return problems


def _missing(path: str, target: Any, keys: dict[str, Any], parameters: Any, given: set[str]) -> list[str]:
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    needed = [
        name
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty and parameter.kind in named and name not in given | keys.keys()
    ]
    # Positional arguments come from the caller, whatever the target calls them.
    if given and needed and not given & parameters.keys():
        needed = needed[len(given) :]
    return [f"{path}.{name}: is missing; {_name(target)} needs it" for name in needed]


def _wrong_type(path: str, target: Any, key: str, value: Any) -> list[str]:
    function = target.__init__ if inspect.isclass(target) else target
    try:
        adapter = TypeAdapter(get_type_hints(function, include_extras=True)[key])
    except (KeyError, NameError, TypeError, AttributeError, PydanticUserError):
        return []  # no annotation, or one that only its own library understands
    if isinstance(value, dict) or (path, str(value)) in FILLED_IN:  # a dict is a node of its own
        return []
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Input ").replace("should", "must")
        return [f"{path}.{key}={value}: {message}"]
    return []


def _name(target: Any) -> str:
    return getattr(target, "__name__", str(target))
