"""Checks a part of the config against its target: can it be imported, and does its signature take the arguments?"""

import inspect
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pkgutil import resolve_name
from typing import get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from akshar.config.schema import Part
from akshar.config.static_signature import Parameter, Signature, Unreadable, signature

PLACEHOLDERS = {("scheduler", "steps"), ("trainer", "auto")}  # words replaced by a value that is known later


def target_problems(path: str, part: Part, passed: Collection[str], reserved: Collection[str]) -> list[str]:
    """List everything that is wrong with one part.

    Args:
        path: of the part in the config, e.g. "model".
        part: target and arguments.
        passed: arguments that the framework passes.
        reserved: arguments that a config must not set.

    Returns:
        One line each, beginning with the key.
    """
    try:
        target = _signature_of(part.target)
    except Exception as error:  # whatever the imported module raises
        return [f"{path}._target_={part.target}: cannot be imported ({_reason(error)})"]
    arguments = part.arguments
    problems = [
        f"{path}.{key} is set by akshar and cannot be overridden; leave it out"
        for key in sorted(arguments)
        if key in reserved
    ]
    arguments = {key: value for key, value in arguments.items() if key not in reserved}
    if target is None:
        return problems
    parameters = {parameter.name: parameter for parameter in target.parameters}
    problems += _unknown(path, part, target, arguments)
    problems += _missing(path, target, passed, arguments)
    for key, value in arguments.items():
        if key in parameters:
            problems += _wrong_type(path, parameters[key], value)
    return problems


def import_problems(parts: Iterable[tuple[str, Part]]) -> list[str]:
    """Import the targets, which runs code and may take seconds; one line for each that fails."""
    problems = []
    for path, part in parts:
        try:
            resolve_name(part.target)
        except Exception as error:
            problems.append(f"{path}._target_={part.target}: cannot be imported ({_reason(error)})")
    return problems


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _signature_of(dotted: str) -> Signature | None:
    """Read a signature from source, or else by importing; None for a builtin without one."""
    try:
        return signature(dotted)
    except Unreadable:
        target = resolve_name(dotted)
    try:
        found = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return None
    try:
        types = get_type_hints(target.__init__ if inspect.isclass(target) else target, include_extras=True)
    except (NameError, TypeError, AttributeError):
        types = {}
    named = [p for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    parameters = tuple(Parameter(p.name, p.default is p.empty, types.get(p.name)) for p in named)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in found)
    return Signature(getattr(target, "__name__", str(target)), parameters, takes_any)


def _unknown(path: str, part: Part, target: Signature, arguments: Collection[str]) -> list[str]:
    if target.open:
        return []
    names = [*(parameter.name for parameter in target.parameters), *sorted(part.framework_keys)]
    problems = []
    for key in arguments:
        if key not in names:
            near = get_close_matches(key, names, n=1)
            hint = f"did you mean {path}.{near[0]}?" if near else f"{target.name} takes {', '.join(names)}"
            wrong = "no such key" if part.framework_keys else f"{target.name} has no such argument"
            problems.append(f"{path}.{key}: {wrong}; {hint}")
    return problems


def _missing(path: str, target: Signature, passed: Collection[str], arguments: Collection[str]) -> list[str]:
    needed = [p.name for p in target.parameters if p.required and p.name not in {*passed, *arguments}]
    # The framework passes its one argument by position, whatever the target calls it.
    if passed and needed and not {*passed} & {parameter.name for parameter in target.parameters}:
        needed = needed[1:]
    return [f"{path}.{name}: is missing; {target.name} needs it" for name in needed]


def _wrong_type(path: str, parameter: Parameter, value: object) -> list[str]:
    if parameter.type is None or isinstance(value, dict) or (path, str(value)) in PLACEHOLDERS:  # a dict is a part
        return []
    try:
        adapter = TypeAdapter(parameter.type)
    except PydanticUserError:
        return []  # a type that only its own library understands
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return [f"{path}.{parameter.name}={value}: {plain_message(error.errors()[0]['msg'])}"]
    return []


def plain_message(message: str) -> str:
    """Rewrite a message of pydantic to follow `key=value: `."""
    return message.removeprefix("Input ").replace("should", "must")
