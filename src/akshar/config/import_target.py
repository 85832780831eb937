"""Imports what a `_target_` names."""

from importlib import import_module
from pkgutil import resolve_name
from typing import Any

from akshar.memory import garbage_collection_paused

LIGHTNING = "; akshar uses pytorch_lightning: import its classes from there"
INSTALL = "; install it, or put its folder on PYTHONPATH"


def import_target(dotted: str) -> Any:
    """Import a module, and take the rest of the dotted name as attributes.

    Raises:
        ImportError: there is no such module, or it imports one that is missing; the message says which.
        Exception: whatever the module raises.
    """
    try:
        with garbage_collection_paused():
            return resolve_name(dotted)
    except (ImportError, AttributeError):
        # `resolve_name` takes every ImportError for the end of the module's path
        names = dotted.split(".")
        for depth in range(1, len(names) + 1):
            module = ".".join(names[:depth])
            try:
                import_module(module)
            except ModuleNotFoundError as missing:
                if depth > 1 and missing.name == module:  # the rest are attributes
                    break
                raise _with_way_out(missing, module) from missing
        raise


def _with_way_out(missing: ModuleNotFoundError, module: str) -> ModuleNotFoundError:
    if missing.name == module:  # the package itself
        return ModuleNotFoundError(f"{missing}{INSTALL}", name=missing.name)
    if (missing.name or "").partition(".")[0] == "lightning":
        return ModuleNotFoundError(f"{missing}{LIGHTNING}", name=missing.name)
    return missing
