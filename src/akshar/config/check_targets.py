"""A config's `_target_`: whether it can be imported, and whether its signature takes the keys beside it."""

import inspect
from collections.abc import Iterable
from difflib import get_close_matches
from pkgutil import resolve_name
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from akshar.config.static_signature import Parameter, Signature, Unreadable, signature

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
        target = _signature(node["_target_"])
    except Exception as error:  # whatever the imported module raises
        return [f"{path}._target_={node['_target_']}: cannot be imported ({_reason(error)})"]
    keys = {key: value for key, value in node.items() if key not in HYDRA_KEYS}
    taken = [f"{path}.{key}: is kept for akshar; leave it out" for key in sorted(reserved & keys.keys())]
    keys = {key: value for key, value in keys.items() if key not in reserved}
    if target is None:
        return taken
    parameters = {parameter.name: parameter for parameter in target.parameters}
    return (
        taken
        + _unknown(path, target, keys)
        + _missing(path, target, keys, given)
        + [
            problem
            for key, value in keys.items()
            if key in parameters
            for problem in _wrong_type(path, parameters[key], value)
        ]
    )


def import_problems(nodes: Iterable[tuple[str, dict[str, Any]]]) -> list[str]:
    """Imports what the nodes name, which runs code and may take seconds: a line each for what cannot be."""
    problems = []
    for path, node in nodes:
        try:
            resolve_name(node["_target_"])
        except Exception as error:
            problems.append(f"{path}._target_={node['_target_']}: cannot be imported ({_reason(error)})")
    return problems


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _signature(dotted: str) -> Signature | None:
    """By its source, or where that does not say by importing; None for a builtin that has none."""
    try:
        return signature(dotted)
    except Unreadable:
        target = resolve_name(dotted)
    try:
        found = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return None
    function = target.__init__ if inspect.isclass(target) else target
    try:
        types = get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError):
        types = {}
    named = [p for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    parameters = tuple(Parameter(p.name, p.default is p.empty, types.get(p.name)) for p in named)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in found)
    return Signature(getattr(target, "__name__", str(target)), parameters, takes_any)


def _unknown(path: str, target: Signature, keys: dict[str, Any]) -> list[str]:
    if target.open:
        return []
    names = [parameter.name for parameter in target.parameters]
    problems = []
    for key in keys:
        if key not in names:
            near = get_close_matches(key, names, n=1)
            hint = f"did you mean {path}.{near[0]}?" if near else f"it takes {', '.join(names)}"
            problems.append(f"{path}.{key}: {target.name} has no such argument; {hint}")
    return problems


def _missing(path: str, target: Signature, keys: dict[str, Any], given: set[str]) -> list[str]:
    needed = [p.name for p in target.parameters if p.required and p.name not in given | keys.keys()]
    # Positional arguments come from the caller, whatever the target calls them.
    if given and needed and not given & {parameter.name for parameter in target.parameters}:
        needed = needed[len(given) :]
    return [f"{path}.{name}: is missing; {target.name} needs it" for name in needed]


def _wrong_type(path: str, parameter: Parameter, value: Any) -> list[str]:
    if parameter.type is None or isinstance(value, dict) or (path, str(value)) in FILLED_IN:  # a dict is a node
        return []
    try:
        adapter = TypeAdapter(parameter.type)
    except PydanticUserError:
        return []  # a type that only its own library understands
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Input ").replace("should", "must")
        return [f"{path}.{parameter.name}={value}: {message}"]
    return []
