"""Checks of keys whose values depend on one another."""

import re
from collections.abc import Mapping
from typing import Any

from akshar.config.lightning_targets import is_data_module, is_lightning_module
from akshar.config.monitor import EPOCH, TAKEN, direction, monitor_problems

DURATION = re.compile(r"\d+:\d\d:\d\d:\d\d")  # Lightning's DD:HH:MM:SS
DOWNLOADED = ("weights", "weights_backbone", "pretrained")  # arguments of torchvision's networks


def dependency_problems(record: Mapping[str, Any]) -> list[str]:
    """List what is wrong with keys that depend on one another, one line each.

    Args:
        record: a config, plain values.
    """
    data, scheduler = record.get("data") or {}, record.get("scheduler") or {}
    if is_data_module(data.get("_target_")):
        data = {}  # what its keys mean is its own affair
    folds, fold = data.get("folds"), data.get("fold")
    problems = _length_problems(record.get("trainer") or {})
    if not scheduler.get("_target_"):
        idle = [key for key in scheduler if key not in ("_target_", "interval")]
        problems += [f"scheduler.{key}: has no effect without a scheduler; set scheduler=..." for key in idle]
    if folds is None and isinstance(fold, int) and fold > 0:
        problems.append(f"data.fold={fold}: needs data.folds, the number of folds, as in data.folds=10")
    if isinstance(folds, int) and isinstance(fold, int) and fold >= folds:
        problems.append(f"data.fold={fold}: must be below data.folds={folds}")
    if str(scheduler.get("_target_")).endswith("ReduceLROnPlateau") and scheduler.get("interval") == "step":
        problems.append(
            "scheduler.interval=step: must be epoch, because this scheduler follows a metric of whole epochs"
        )
    followers = [scheduler, *(record.get("callbacks") or {}).values()]
    if record.get("monitor") == EPOCH and any("mode" in (node or {}) for node in followers):
        problems.append(
            "monitor=epoch: cannot be followed by a scheduler or a callback; choose loss/val or accuracy/val"
        )
    model = record.get("model") or {}
    problems += [
        f"model.{key}={value}: must be null, or what is trained cannot be read back; for pretrained weights set "
        "init_from to their name, as init_from=ResNet18_Weights.IMAGENET1K_V1"
        for key, value in model.items()
        if str(model.get("_target_")).startswith("torchvision.models.") and key in DOWNLOADED and value
    ]
    return problems + _metric_problems(record)


def _metric_problems(record: Mapping[str, Any]) -> list[str]:
    """Check the names of metrics, and the one that is monitored."""
    problems = [
        f"metrics.{name}: the name must be letters, digits and _, and not {', '.join(sorted(TAKEN))}"
        for name in record.get("metrics") or {}
        if name in TAKEN or not str(name).isidentifier()
    ]
    if "monitor" not in record:  # the config of a test
        return problems
    if not is_lightning_module((record.get("model") or {}).get("_target_")):  # one of those logs what it likes
        problems += monitor_problems(record)
    if not problems and direction(record) is None:
        problems.append(
            f"monitor_mode=auto: {record.get('monitor')} does not say which of its values are better; set "
            "monitor_mode=min or monitor_mode=max"
        )
    return problems


def _length_problems(trainer: Mapping[str, Any]) -> list[str]:
    """Check the keys of the Trainer that say how long training takes."""
    max_epochs, max_steps = trainer.get("max_epochs"), trainer.get("max_steps", -1)
    max_time = trainer.get("max_time")
    problems = []
    if isinstance(max_time, str) and (not DURATION.fullmatch(max_time) or not max_time.strip("0:")):
        problems.append(f"trainer.max_time={max_time}: must be days:hours:minutes:seconds, as in 00:01:30:00")
    for key, limit, longest in (("min_epochs", "max_epochs", max_epochs), ("min_steps", "max_steps", max_steps)):
        least = trainer.get(key)
        if isinstance(least, int) and isinstance(longest, int) and 0 < longest < least:
            problems.append(f"trainer.{key}={least}: must not be above trainer.{limit}={longest}")
    if trainer.get("min_epochs") is not None and max_steps != -1:
        problems.append("trainer.min_epochs: cannot be combined with trainer.max_steps; give trainer.min_steps")
    return problems
