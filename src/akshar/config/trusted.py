"""Decides which targets named in a file may be imported and built.

A checkpoint, an exported file or a result of someone else names a network and a data set. Only these are built
from it: targets that a shipped config names, layers of `torch.nn`, and what a package that the user trusts defines.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pkgutil import resolve_name
from typing import Any

import yaml

from akshar.config.conf_dir import conf_dir
from akshar.errors import UsageError
from akshar.files import printable

LAYERS = "torch.nn"
GROUPS = ("data", "model")


@cache
def shipped_targets() -> frozenset[str]:
    """Every `_target_` of the shipped configs of data sets and networks."""
    files = [path for group in GROUPS for path in (conf_dir() / group).glob("*.yaml")]
    return frozenset(
        name for path in files for name in targets_in(yaml.safe_load(path.read_text(encoding="utf-8")))
    )


def targets_in(node: object) -> Iterator[str]:
    """Yield every `_target_` in a node, at any depth."""
    children = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    if isinstance(node, Mapping) and "_target_" in node:
        yield str(node["_target_"])
    for child in children:
        yield from targets_in(child)


def build_trusted(named_by: str, node: object, trust: Sequence[str], **passed: object) -> Any:
    """Build a node from a file.

    Args:
        named_by: the file, for the message.
        node: `_target_` and its arguments, plain values; arguments may hold further nodes.
        trust: packages of the user's own.
        **passed: further arguments of the outermost target.

    Raises:
        UsageError: a target that is not trusted, or one that cannot be imported.
    """
    for target in targets_in(node):
        resolve_trusted(named_by, target, trust)
    return _call(node, passed)


def resolve_trusted(named_by: str, target: str, trust: Sequence[str]) -> Any:
    """Import one target; its name is checked before, and what it leads to after.

    A dotted name can lead through a module to whatever that module imports. See `build_trusted`.
    """
    shipped = target in shipped_targets()
    packages = tuple(f"{package}." for package in (LAYERS, *trust))
    if shipped or target.startswith(packages):
        try:
            found = resolve_name(target)
        except Exception as error:
            raise UsageError(f"{named_by}: {printable(target)} cannot be imported ({printable(error)})") from error
        defined_there = f"{getattr(found, '__module__', '')}.".startswith(packages)
        if shipped or (defined_there and (not target.startswith(f"{LAYERS}.") or _is_module(found))):
            return found
    package = printable(target.partition(".")[0])
    known = {"akshar", "torch", *trust, *sys.stdlib_module_names}
    advice = f"; if it is yours, trust its package: --trust {package} (akshar test: 'trust=[{package}]')"
    raise UsageError(
        f"{named_by}: names {printable(target)}, which is not a data set or network of akshar or {LAYERS}"
        f"{''.join(f' or {package}' for package in trust)}{advice if package not in known else ''}"
    )


def _is_module(found: object) -> bool:
    """Whether something is a class of layers; torch is imported by now, but not by this module."""
    return isinstance(found, type) and "torch.nn.modules.module" in {base.__module__ for base in found.__mro__}


def _call(node: Any, passed: Mapping[str, object]) -> Any:
    """Build a node whose targets were all checked."""
    if isinstance(node, list):
        return [_call(child, {}) for child in node]
    if not isinstance(node, dict):
        return node
    built = {key: _call(value, {}) for key, value in node.items() if key not in ("_target_", "_convert_")}
    return resolve_name(node["_target_"])(**built, **passed) if "_target_" in node else built
