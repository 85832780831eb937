"""Targets that are Lightning's: a LightningDataModule or a LightningModule of one's own.

Only running code can tell the base classes of a name, so these targets are imported, as the check of a config does
later anyway. A class that derives from Lightning's has imported Lightning; nothing is imported to compare with.
"""

import sys
from pkgutil import resolve_name
from typing import Any

# Modules of parts that are known to be no Lightning class; a check must not import torch for them
OTHERS = ("akshar.", "torch.", "torchvision.")
LIGHTNING = "pytorch_lightning"


def is_data_module(target: object) -> bool:
    """Whether a target is a class derived from LightningDataModule, or cannot be imported, which is reported."""
    found = _imported(target)
    return isinstance(found, Exception | SystemExit) or _derives(found, "LightningDataModule")


def is_lightning_module(target: object) -> bool:
    """Whether a target is a class derived from LightningModule."""
    return _derives(_imported(target), "LightningModule")


def overrides(target: str, method: str) -> bool:
    """Whether a LightningModule of one's own has a method of its own in place of Lightning's."""
    base = sys.modules[LIGHTNING].LightningModule
    return getattr(_imported(target), method) is not getattr(base, method)


def foreign_problems(path: str, target: object) -> list[str]:
    """Refuse a class of the package `lightning`, whose classes are not those of `pytorch_lightning`.

    Args:
        path: of the part in the config.
        target: module and name.
    """
    bases = getattr(_imported(target), "__mro__", ())
    if not any(base.__module__.startswith("lightning.") for base in bases):
        return []
    return [
        f"{path}._target_={target}: derives from the package lightning; akshar uses pytorch_lightning: import its "
        "base class from there"
    ]


def _imported(target: object) -> Any:
    """Import a target of one's own; the error where that fails, None for another part."""
    if not isinstance(target, str) or target.startswith(OTHERS):
        return None
    try:
        return resolve_name(target)
    except (Exception, SystemExit) as error:  # whatever the imported module raises
        return error


def _derives(found: Any, base: str) -> bool:
    lightning = sys.modules.get(LIGHTNING)
    return lightning is not None and isinstance(found, type) and issubclass(found, getattr(lightning, base))
