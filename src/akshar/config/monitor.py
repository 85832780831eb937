"""What epochs are compared by, a metric or their number, and which of its values are better."""

import math
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any, Literal

from akshar.config.keys import did_you_mean

Mode = Literal["min", "max"]

CROSS_ENTROPY = "torch.nn.CrossEntropyLoss"
PLAIN = frozenset({"_target_", "label_smoothing", "weight"})  # keys of its config

ALWAYS = ("loss/val", "accuracy/val", "loss/train", "accuracy/train")  # what the training of a network logs
CRITERION = "criterion"  # the configured loss on validation, where it is not cross-entropy, which is always logged
EPOCH = "epoch"
HIGHER = (EPOCH, "acc", "f1", "auroc")  # parts of names, of which higher values are better
TAKEN = frozenset({"loss", "accuracy", CRITERION})  # names that no metric of a config may have


def sort_key(value: float, mode: Mode) -> float:
    """Smaller is better: values as they are, or negated for "max"; not-a-number is worst."""
    return math.inf if math.isnan(value) else (-value if mode == "max" else value)


def monitor_problems(config: Mapping[str, Any]) -> list[str]:
    """Say that the training of a network logs no metric of the monitored name; nothing where it does.

    Args:
        config: of a training, plain values.
    """
    monitor = str(config.get("monitor"))
    metrics = [name for name, part in (config.get("metrics") or {}).items() if part is not None]
    criterion = [] if is_cross_entropy(config) else [f"{CRITERION}/val"]
    names = [*ALWAYS, *criterion, *(f"{name}/val" for name in metrics), EPOCH]
    if monitor in names:
        return []
    return [f"monitor={monitor}: no such metric{did_you_mean(monitor, names)} (choices: {', '.join(names)})"]


def is_cross_entropy(config: Mapping[str, Any]) -> bool:
    """Whether the loss is cross-entropy with equal weights; its label smoothing does not matter.

    Args:
        config: of a training, plain values.
    """
    loss = config.get("loss") or {}
    return loss.get("_target_") == CROSS_ENTROPY and loss.get("weight") is None and loss.keys() <= PLAIN


def direction(config: Mapping[str, Any]) -> Mode | None:
    """Which values of the monitored metric are better.

    As `monitor_mode` says. "auto" is "min" for a loss, for one of the config's metrics what its class says, which
    is imported for it. Names that a LightningModule of one's own logs tell it where they hold "loss" or one of
    `HIGHER`; of the epoch the last is kept.

    Args:
        config: of a training, plain values.

    Returns:
        None where neither name nor class say it.
    """
    mode = config.get("monitor_mode", "auto")
    if mode in ("min", "max"):
        return mode
    name = str(config.get("monitor")).partition("/")[0]
    part = (config.get("metrics") or {}).get(name)
    if part is None:
        monitor = str(config.get("monitor")).lower()
        if "loss" in monitor or name == CRITERION:
            return "min"
        return "max" if any(word in monitor for word in HIGHER) else None
    try:
        higher = getattr(resolve_name(str(part["_target_"])), "higher_is_better", None)
    except (Exception, SystemExit):  # whatever the imported module raises; the check of the part refuses it
        return "max"
    if not isinstance(higher, bool):
        return None
    return "max" if higher else "min"
