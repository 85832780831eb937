"""What earlier versions called things: keys of the config and names of targets that have moved."""

import logging
from collections.abc import Sequence
from typing import Any

log = logging.getLogger(__name__)

KEYS = {
    "dead_after": "chance_warning_epochs",
    "label_smoothing": "loss.label_smoothing",
    "augment.hand": "augment.geometric",
    "augment.grain": "augment.photometric",
    "augment.coarse": "augment.downscale",
    "augment.binarised": "augment.binarize",
    "augment.reframed": "augment.recrop",
    "augment.reframed_by": "augment.recrop_jitter",
    "augment.lightly": "augment.light_share",
    "hydra.sweeper.search.together": "hydra.sweeper.search.n_parallel",
    "data.source.seed": "data.glyph_seed",
}
CHOICES = {"hydra/launcher=submitit_slurm": "hydra/launcher=slurm"}
TARGETS = {
    "akshar.data.dhcd.DHCD": "akshar.devanagari.dhcd.DHCD",
    "akshar.data.glyphs.Glyphs": "akshar.devanagari.glyphs.Glyphs",
    "akshar.data.broad.Broad": "akshar.devanagari.broad.Broad",
    "akshar.data.robust.Robust": "akshar.devanagari.robust.Robust",
}
# `logger.tensorboard` and `logger.csv` were switches; what the first one turned on
TENSORBOARD = "akshar.runs.tensorboard.RunLogger"
SWITCHES = ("tensorboard", "csv")
# Arguments of data sets that were called otherwise inside `data.source`.
DATA_ARGUMENTS = {"akshar.devanagari.glyphs.Glyphs": {"seed": "glyph_seed"}}

# Keys of `data.input_spec`, as folders of pictures had it, and what they are now; height and width are `size`.
FOLDER = "akshar.data.folder.Folder"
SPEC = dict.fromkeys(("_target_", "height", "width"), "")
SPEC |= {key: key for key in ("channels", "polarity", "framing", "border", "mean", "std")}


def rename_overrides(words: Sequence[str]) -> list[str]:
    """Replace old keys in overrides, with one warning each.

    >>> rename_overrides(["seed=1", "data.source.subset=digits"])
    ['seed=1', 'data.subset=digits']
    """
    renamed = []
    for word in words:
        if (choice := CHOICES.get(word)) is not None:
            _warn(word, choice)
            renamed.append(choice)
            continue
        key, equals, value = word.partition("=")
        bare = key.lstrip("+~")
        if bare in (f"logger.{name}" for name in SWITCHES) and value.lower() in ("true", "false"):
            renamed += _switch(bare, value.lower())
            continue
        new = KEYS.get(bare, bare)
        for old, now in KEYS.items():  # keys below a renamed one
            if bare.startswith(f"{old}."):
                new = now + bare.removeprefix(old)
        if new.startswith("data.source."):
            new = f"data.{bare.removeprefix('data.source.')}"
        if new != bare:
            _warn(bare, new)
        renamed.append(f"{key.removesuffix(bare)}{new}{equals}{value}")
    return renamed


def upgrade_config(record: dict[str, Any], warn: bool = True) -> dict[str, Any]:
    """Bring the values of a config that was written for an earlier version into today's form.

    Args:
        record: plain values; left as they are.
        warn: whether to name each old key in the log.

    Returns:
        The same values under today's keys and targets.
    """
    record = _rename_targets(record)
    logger = record.get("logger")
    if isinstance(logger, dict) and any(isinstance(logger.get(name), bool) for name in SWITCHES):
        kept = {name: node for name, node in logger.items() if not isinstance(node, bool)}
        record = record | {
            "logger": ({"tensorboard": {"_target_": TENSORBOARD}} if logger.get("tensorboard") else {}) | kept
        }
        if warn:
            _warn("logger.tensorboard", "logger=tensorboard")
    data = record.get("data")
    if isinstance(data, dict) and isinstance(data.get("source"), dict):
        source = data["source"]
        arguments = DATA_ARGUMENTS.get(str(source.get("_target_")), {})
        flat = {arguments.get(key, key): value for key, value in source.items()}
        record = record | {"data": {key: value for key, value in data.items() if key != "source"} | flat}
        if "cache_dir" in data and "cache_dir" not in flat:
            del record["data"]["cache_dir"]
        if warn:
            _warn("data.source", "data._target_")
    if isinstance(record.get("data"), dict):
        record = record | {"data": _flat_input_spec(record["data"])}
    if "label_smoothing" in record:
        record.setdefault("loss", {"_target_": "torch.nn.CrossEntropyLoss"})
    for old, new in KEYS.items():
        before, after = _parent(record, old), _parent(record, new)
        key = old.rpartition(".")[2]
        if isinstance(before, dict) and key in before and isinstance(after, dict):
            after[new.rpartition(".")[2]] = before.pop(key)
            if warn:
                _warn(old, new)
    return record


def _switch(key: str, value: str) -> list[str]:
    """Replace an override of one of the logger's old switches, with a warning."""
    if key == "logger.csv":
        log.warning("%s=%s: has no effect any more, history.csv is always written; leave it out", key, value)
        return []
    log.warning(
        "%s=%s: is written logger=%s now; the old key will stop working in a later version",
        key,
        value,
        "tensorboard" if value == "true" else "none",
    )
    return [f"++{key}._target_={TENSORBOARD}" if value == "true" else f"++{key}=null"]


def _flat_input_spec(data: dict[str, Any]) -> dict[str, Any]:
    """Give a folder of pictures its input spec as keys of its own."""
    spec = data.get("input_spec")
    if data.get("_target_") != FOLDER or not isinstance(spec, dict) or not SPEC.keys() >= spec.keys():
        return data
    flat = {SPEC[key]: value for key, value in spec.items() if SPEC[key]}
    size = {"size": [spec["height"], spec["width"]]} if {"height", "width"} <= spec.keys() else {}
    return {key: value for key, value in data.items() if key != "input_spec"} | flat | size


def _parent(record: Any, key: str) -> Any:
    """Return the node that holds a dotted key; None where there is none."""
    for part in key.split(".")[:-1]:
        record = record.get(part) if isinstance(record, dict) else None
    return record


def _rename_targets(node: Any) -> Any:
    """Copy a node with every old `_target_` replaced."""
    if isinstance(node, dict):
        return {
            key: TARGETS.get(value, value)
            if key == "_target_" and isinstance(value, str)
            else _rename_targets(value)
            for key, value in node.items()
        }
    return [_rename_targets(child) for child in node] if isinstance(node, list) else node


def _warn(old: str, new: str) -> None:
    log.warning("%s is called %s now; the old name will stop working in a later version", old, new)
