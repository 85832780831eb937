"""Checks a part of the config against its target: can it be imported, and does its signature take the arguments?"""

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from inspect import Parameter, Signature
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from akshar.config.import_target import import_target
from akshar.config.keys import did_you_mean
from akshar.config.ranges import RANGES
from akshar.config.reserved import Reserved
from akshar.config.schema import HYDRA_KEYS, Part
from akshar.config.static_signature import Unreadable, signature
from akshar.errors import first_line

CALLED_LATER = ("optimizer", "scheduler")  # whether `_partial_` is set or not
PLACEHOLDERS = {("scheduler", "steps"), ("trainer", "auto")}  # words replaced by a value that is known later


def target_problems(path: str, part: Part, passed: Collection[str], reserved: Mapping[str, Reserved]) -> list[str]:
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
        target = signature_of(part.target)
    except (Exception, SystemExit) as error:  # whatever the imported module raises
        return [f"{path}._target_={part.target}: cannot be imported ({first_line(error)})"]
    arguments = part.arguments
    always = {"_target_"} | ({"_partial_"} if path in CALLED_LATER else set())
    problems = [
        f"{path}.{key}: has no effect on a part; leave it out, and give every argument by its name"
        for key in sorted(HYDRA_KEYS.intersection(part.to_record()) - always)
    ]
    problems += [
        f"{path}.{key}{f'={value}' if isinstance(value, str | int | float) else ''}: {reserved[key].reason}"
        for key, value in arguments.items()
        if key in reserved and not reserved[key].accepts(value)
    ]
    arguments = {key: value for key, value in arguments.items() if key not in reserved}
    if target is None:
        return problems
    named = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    parameters = {name: parameter for name, parameter in target.parameters.items() if parameter.kind in named}
    if all(parameter.kind is not Parameter.VAR_KEYWORD for parameter in target.parameters.values()):
        problems += _unknown(path, part, parameters, arguments)
    problems += _missing(path, part, parameters, passed, arguments)
    for key, value in arguments.items():
        if key in parameters:
            problems += _wrong_type(path, parameters[key], value)
    return problems


def import_problems(parts: Iterable[tuple[str, Part]]) -> list[str]:
    """Import the targets, which runs code and may take seconds; one line for each that fails."""
    problems = []
    for path, part in parts:
        try:
            import_target(part.target)
        except (Exception, SystemExit) as error:
            problems.append(f"{path}._target_={part.target}: cannot be imported ({first_line(error)})")
    return problems


def signature_of(dotted: str) -> Signature | None:
    """Read a signature from source, or else by importing; None for a builtin without one."""
    try:
        return _static_signature(dotted)
    except Unreadable:
        return imported_signature(dotted)


@cache
def _static_signature(dotted: str) -> Signature:
    return _with_types(signature(dotted), RANGES.get(dotted, {}))


def imported_signature(dotted: str) -> Signature | None:
    """Import a target for its signature, with all types and defaults; None for a builtin without one."""
    target = import_target(dotted)
    try:
        found = inspect.signature(target)
    except (TypeError, ValueError):
        return None
    try:
        types = get_type_hints(target.__init__ if inspect.isclass(target) else target, include_extras=True)
    except (NameError, TypeError, AttributeError):
        types = {}
    untyped = dict.fromkeys(found.parameters, Parameter.empty)
    return _with_types(found, {**untyped, **types, **RANGES.get(dotted, {})})


def _with_types(found: Signature, types: Mapping[str, object]) -> Signature:
    return found.replace(
        parameters=[
            parameter.replace(annotation=types.get(name, parameter.annotation))
            for name, parameter in found.parameters.items()
        ]
    )


def _unknown(
    path: str, part: Part, parameters: Mapping[str, Parameter], arguments: Collection[str]
) -> Iterator[str]:
    names = [*parameters, *sorted(part.framework_keys)]
    for key in arguments:
        if key not in names:
            near = did_you_mean(key, names, f"{path}.")
            hint = near or f"; {_name(part)} takes {', '.join(names)}"
            wrong = "no such key" if part.framework_keys else f"{_name(part)} has no such argument"
            yield f"{path}.{key}: {wrong}{hint}"


def _missing(
    path: str,
    part: Part,
    parameters: Mapping[str, Parameter],
    passed: Collection[str],
    arguments: Collection[str],
) -> list[str]:
    required = [name for name, parameter in parameters.items() if parameter.default is parameter.empty]
    needed = [name for name in required if name not in {*passed, *arguments}]
    # An optimizer gets its parameters, and a schedule its optimizer, by position, whatever the target calls them.
    if path in CALLED_LATER and needed and not {*passed} & parameters.keys():
        needed = needed[1:]
    return [f"{path}.{name}: is missing; {_name(part)} needs it" for name in needed]


def _name(part: Part) -> str:
    return part.target.rpartition(".")[2]


def _wrong_type(path: str, parameter: Parameter, value: object) -> list[str]:
    # A dict is a part.
    if parameter.annotation is parameter.empty or isinstance(value, dict) or (path, str(value)) in PLACEHOLDERS:
        return []
    try:
        adapter = _adapter(parameter.annotation)
    except PydanticUserError:
        return []  # a type that only its own library understands
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return [f"{path}.{parameter.name}={value}: {plain_message(error.errors()[0]['msg'])}"]
    return []


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        return _kept_adapter(annotation)
    except TypeError:  # not hashable
        return TypeAdapter(annotation)


_kept_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def plain_message(message: str) -> str:
    """Rewrite a message of pydantic to follow `key=value: `."""
    return message.removeprefix("Input ").removeprefix("Value error, ").replace("should", "must")
