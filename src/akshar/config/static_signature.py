"""Signatures of targets, read from their source: importing torch to find a mistyped key would take seconds.

Names are followed through packages, re-exports and base classes. Where only running code could tell (extension
modules, names assigned by code), `Unreadable` is raised, and the caller imports the target.
"""

import ast
import builtins
import contextlib
import importlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, resolve_name
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from akshar.config.import_target import INSTALL

# Light modules, whose names an annotation may use and still be evaluated
LIGHT = ("typing", "collections.abc", "pydantic", "pathlib")


class Unreadable(Exception):
    """The source does not contain the signature; only an import can find it."""


class NameNotFound(Exception):
    """There is no such module, or no such name in it."""


@cache
def signature(dotted: str) -> Signature:
    """Read the signature of a function, or of a class's constructor without `self`.

    A parameter with a default has `...` in its place; an annotation that names other modules than `LIGHT` is empty.

    Args:
        dotted: module and name.

    Raises:
        NameNotFound: there is no such name; the message says which part is missing.
        Unreadable: the source does not contain the signature.
    """
    return _signature(*_definition(dotted))


@cache
def _spec(module: str) -> ModuleSpec | None:
    """Find a module without running its parent packages; None where there is none."""
    parent = module.rpartition(".")[0]
    with contextlib.suppress(ImportError, ValueError):
        if not parent:
            return find_spec(module)  # also asks the hooks of editable installs
        if (package := _spec(parent)) and package.submodule_search_locations:
            return PathFinder.find_spec(module, [*package.submodule_search_locations])
    return None


@cache
def _statements(module: str) -> list[ast.stmt]:
    """Parse a module; return its statements, also those under `if` and `try`."""
    spec = _spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise Unreadable(module)
    try:
        return [*_flatten(ast.parse(Path(spec.origin).read_bytes()).body)]
    except (OSError, SyntaxError, ValueError) as error:
        raise Unreadable(module) from error


def _flatten(body: Iterable[ast.AST]) -> Iterator[Any]:
    for statement in body:
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for inner in ("body", "orelse", "handlers", "finalbody"):
                yield from _flatten(getattr(statement, inner, []))


def _definition(dotted: str) -> tuple[ast.ClassDef | ast.FunctionDef, str]:
    """Find where a name is defined, following imports; return the definition and its module."""
    module, _, name = dotted.rpartition(".")
    if not module:
        raise NameNotFound(f"No module named {dotted!r}{INSTALL}")
    if _spec(module) is None:
        _definition(module)  # raises if that does not exist either
        raise Unreadable(dotted)  # a name inside a class
    if _spec(dotted) is not None:
        raise Unreadable(dotted)  # a module, or a name that hides one
    stars, dynamic = [], False
    for statement in _statements(module):
        if isinstance(statement, ast.ClassDef | ast.FunctionDef) and statement.name == name:
            return statement, module
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    return _definition(f"{_source(module, statement)}.{alias.name}")
                stars += [_source(module, statement)] if alias.name == "*" else []
        dynamic |= isinstance(statement, ast.FunctionDef) and statement.name == "__getattr__"
        dynamic |= isinstance(statement, ast.Assign | ast.AnnAssign) and name in _names(statement, ast.Store)
    for source in stars:
        with contextlib.suppress(NameNotFound):
            return _definition(f"{source}.{name}")
    if dynamic:
        raise Unreadable(dotted)
    raise NameNotFound(f"module {module!r} has no attribute {name!r}")


def _source(module: str, statement: ast.ImportFrom) -> str:
    """Return the full name of the module that a statement imports from."""
    spec = _spec(module)
    is_package = spec is not None and spec.submodule_search_locations is not None
    package = module if is_package else module.rpartition(".")[0]
    return resolve_name("." * statement.level + (statement.module or ""), package)


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name) and isinstance(child.ctx, context)}


def _signature(node: ast.ClassDef | ast.FunctionDef, module: str) -> Signature:
    if isinstance(node, ast.FunctionDef):
        return _of_function(node, module, bound=False)
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name in ("__init__", "__new__"):
            return _of_function(inner, module, bound=True)
    is_dataclass = any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
    if is_dataclass and not node.bases:
        fields = [field for field in node.body if isinstance(field, ast.AnnAssign)]
        return Signature(
            [
                _parameter(ast.unparse(field.target), field.annotation, field.value, Parameter.KEYWORD_ONLY, module)
                for field in fields
                if "ClassVar" not in ast.unparse(field.annotation)
            ]
        )
    if not is_dataclass and node.bases and isinstance(base := node.bases[0], ast.Name) and not node.keywords:
        with contextlib.suppress(NameNotFound):  # a builtin
            return _signature(*_definition(f"{module}.{base.id}"))
    raise Unreadable(f"{module}.{node.name}")


def _of_function(node: ast.FunctionDef, module: str, bound: bool) -> Signature:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args][int(bound) :]
    defaults = [*[None] * (len(positional) - len(arguments.defaults)), *arguments.defaults]
    named = [
        *((*pair, Parameter.POSITIONAL_OR_KEYWORD) for pair in zip(positional, defaults, strict=True)),
        *(
            (*pair, Parameter.KEYWORD_ONLY)
            for pair in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        ),
    ]
    parameters = [_parameter(arg.arg, arg.annotation, default, kind, module) for arg, default, kind in named]
    if arguments.kwarg:
        parameters.append(Parameter(arguments.kwarg.arg, Parameter.VAR_KEYWORD))
    return Signature(parameters)


def _parameter(
    name: str, annotation: ast.expr | None, default: ast.expr | None, kind: Any, module: str
) -> Parameter:
    evaluated = Parameter.empty if annotation is None else _evaluate(annotation, module)
    return Parameter(name, kind, default=Parameter.empty if default is None else ..., annotation=evaluated)


def _evaluate(annotation: ast.expr, module: str) -> Any:
    """Evaluate an annotation; empty if it is a string or uses a name that would have to be imported."""
    try:
        names = {name: _light(name, module) for name in _names(annotation, ast.Load)}
        value = eval(compile(ast.Expression(annotation), module, "eval"), {"__builtins__": {}}, names)
    except Exception:  # not made of light types
        return Parameter.empty
    return Parameter.empty if isinstance(value, str) else value


def _light(name: str, module: str) -> Any:
    """Evaluate a name in an annotation: a builtin type, a name of a light module, or an alias of such.

    Raises:
        NameError: it is neither.
    """
    if isinstance(builtin := getattr(builtins, name, None), type):
        return builtin
    for statement in _statements(module):
        if isinstance(statement, ast.ImportFrom) and statement.module in LIGHT:
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    return getattr(importlib.import_module(statement.module), alias.name)
        if isinstance(statement, ast.Assign) and name in _names(statement, ast.Store):
            value = _evaluate(statement.value, module)
            if value is not Parameter.empty:
                return value
    raise NameError(name)
