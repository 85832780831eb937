"""What a `_target_` takes, read from its source: importing torch to find a mistyped key would cost seconds.

Follows names through packages, re-exports and base classes. Where a name cannot be followed without running code
(extension modules, names made by code), it says so, and the caller imports.
"""

import ast
import builtins
import contextlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

# Modules whose names may stand in an annotation that is evaluated: light, and imported already.
ANNOTATIONS = ("typing", "collections.abc", "pydantic", "pathlib")
_NOTHING = object()


class Unreadable(Exception):
    """The source does not say; only an import can."""


class NameNotFound(Exception):
    """There is no such module, or no such name in it."""


@dataclass(frozen=True)
class Parameter:
    """One parameter that can be given by name.

    Attributes:
        name: of it.
        required: whether it has no default.
        type: its annotation, evaluated, or None where there is none or it names heavy types.
    """

    name: str
    required: bool
    type: Any


@dataclass(frozen=True)
class Signature:
    """Of a function, or of a class's constructor without `self`.

    Attributes:
        name: of what is called.
        parameters: in order.
        open: whether it takes any other keyword.
    """

    name: str
    parameters: tuple[Parameter, ...]
    open: bool


@cache
def signature(dotted: str) -> Signature:
    """The signature of what a dotted name leads to.

    Raises:
        NotThere: the name leads nowhere; the message says where it ends.
        Unreadable: the source does not say.
    """
    module, name = _split(dotted)
    node, home = _definition(module, name)
    return _signature(node, home, name)


@dataclass(frozen=True)
class _Module:
    name: str
    path: Path
    folders: tuple[str, ...]  # of a package, where its modules are


@cache
def _module(name: str) -> _Module | None:
    """A module by its full name, found without running its parents; None where there is none."""
    parent, _, _ = name.rpartition(".")
    try:
        if parent:
            package = _module(parent)
            spec = PathFinder.find_spec(name, list(package.folders)) if package and package.folders else None
        else:
            spec = importlib.util.find_spec(name)  # asks the hooks of editable installs too
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return None
    folders = tuple(spec.submodule_search_locations or ())
    if spec.origin is None and folders:  # a package without __init__
        return _Module(name, Path(), folders)
    if spec.origin is None or not spec.origin.endswith(".py"):
        raise Unreadable(name)
    return _Module(name, Path(spec.origin), folders)


def _split(dotted: str) -> tuple[_Module, str]:
    """The innermost module of a dotted name and the one name after it."""
    parts = dotted.split(".")
    if not all(part.isidentifier() for part in parts) or len(parts) < 2:
        raise NameNotFound(f"{dotted} is no dotted name")
    module = None
    for count in range(1, len(parts) + 1):
        found = _module(".".join(parts[:count]))
        if found is None:
            break
        module = found
    if module is None:
        raise NameNotFound(f"No module named '{parts[0]}'")
    rest = dotted.removeprefix(module.name).lstrip(".").split(".")
    if len(rest) > 1:
        _definition(module, rest[0])
    if len(rest) > 1 or not rest[0]:
        raise Unreadable(dotted)  # a name inside a class, or a module itself
    return module, rest[0]


@cache
def _tree(module: _Module) -> ast.Module:
    try:
        return ast.parse(module.path.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise Unreadable(module.name) from error


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """A module's statements, also those under `if` and `try`."""
    for statement in body:
        yield statement
        for inner in ("body", "orelse", "handlers", "finalbody"):
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _statements(getattr(statement, inner, []))


def _definition(module: _Module, name: str) -> tuple[ast.ClassDef | ast.FunctionDef, _Module]:
    """Where a name of a module is defined, following its imports."""
    stars = []
    for statement in _statements(_tree(module).body):
        if isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name in (name, "__getattr__"):
            if statement.name != name:
                raise Unreadable(f"{module.name}.{name}")
            return statement, module
        if isinstance(statement, ast.ImportFrom):
            source = _absolute(module, statement)
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    return _definition(*_split(f"{source}.{alias.name}"))
                stars += [source] if alias.name == "*" else []
        if name in [target.id for target in getattr(statement, "targets", []) if isinstance(target, ast.Name)]:
            raise Unreadable(f"{module.name}.{name}")  # made by code
    for source in stars:
        with contextlib.suppress(NameNotFound):
            return _definition(*_split(f"{source}.{name}"))
    raise NameNotFound(f"module '{module.name}' has no attribute '{name}'")


def _absolute(module: _Module, statement: ast.ImportFrom) -> str:
    if not statement.level:
        return str(statement.module)
    parts = module.name.split(".")
    kept = parts[: len(parts) - statement.level + bool(module.folders)]
    return ".".join([*kept, *([statement.module] if statement.module else [])])


def _signature(node: ast.ClassDef | ast.FunctionDef, home: _Module, name: str) -> Signature:
    if isinstance(node, ast.FunctionDef):
        return _of_function(node, home, name, bound=False)
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name in ("__init__", "__new__"):
            return _of_function(inner, home, name, bound=True)
    if any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list):
        return Signature(name, tuple(_fields(node, home)), open=False)
    if node.bases and isinstance(base := node.bases[0], ast.Name) and not node.keywords:
        return _signature(*_definition(home, base.id), name)
    raise Unreadable(f"{home.name}.{name}")


def _fields(node: ast.ClassDef, home: _Module) -> Iterator[Parameter]:
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            yield _parameter(field.target.id, field.annotation, field.value is None, home)


def _of_function(node: ast.FunctionDef, home: _Module, name: str, bound: bool) -> Signature:
    arguments = node.args
    by_position = [*arguments.posonlyargs, *arguments.args][int(bound) :]
    first_default = len(by_position) - len(arguments.defaults)
    parameters = [
        _parameter(argument.arg, argument.annotation, position < first_default, home)
        for position, argument in enumerate(by_position)
    ]
    parameters += [
        _parameter(argument.arg, argument.annotation, default is None, home)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return Signature(name, tuple(parameters), arguments.kwarg is not None)


def _parameter(name: str, annotation: ast.expr | None, required: bool, home: _Module) -> Parameter:
    return Parameter(name, required, None if annotation is None else _evaluate(annotation, home))


def _evaluate(annotation: ast.expr, home: _Module) -> Any:
    """An annotation's value where all its names are of light modules or aliases of such, else None."""
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    space = {name: _light(name, home) for name in names}
    if _NOTHING in space.values():
        return None
    try:
        return eval(compile(ast.Expression(annotation), str(home.path), "eval"), {"__builtins__": {}}, space)
    except Exception:  # a string annotation, or one that is not made of types
        return None


def _light(name: str, home: _Module) -> Any:
    """What a name in an annotation stands for, or `_NOTHING` where that would have to be imported."""
    if isinstance(builtin := getattr(builtins, name, None), type):
        return builtin
    for statement in _statements(_tree(home).body):
        if isinstance(statement, ast.ImportFrom) and statement.module in ANNOTATIONS:
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    return getattr(importlib.import_module(statement.module), alias.name, _NOTHING)
        if isinstance(statement, ast.Assign) and name in [ast.unparse(target) for target in statement.targets]:
            value = _evaluate(statement.value, home)
            return _NOTHING if value is None else value
    return _NOTHING
