"""Targets that are Lightning's: a LightningDataModule or a LightningModule of one's own.

The base classes of a name are known only after import, so these targets are imported, as the check of a config does
later anyway. Lightning is not imported for the comparison: a class that derives from it has done so.
"""

import sys
from typing import Any

from akshar.config.import_target import import_target

# Modules without a Lightning class of one's own; a check does not import them, which would import torch
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
        return import_target(target)
    except (Exception, SystemExit) as error:  # whatever the imported module raises
        return error


def _derives(found: Any, base: str) -> bool:
    lightning = sys.modules.get(LIGHTNING)
    return lightning is not None and isinstance(found, type) and issubclass(found, getattr(lightning, base))
