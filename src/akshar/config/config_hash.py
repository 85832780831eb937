"""The hash by which a run's config is known."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from akshar.config.monitor import is_cross_entropy
from akshar.config.places import PLACES
from akshar.config.schema import TrainConfig

# Keys that do not change a result: names, what is shown, saved or done afterwards, and where data and weights lie
# (their digests are part of the hash).
WITHOUT_EFFECT = ("name", "logger", "traceback", "test", "checkpoint", "chance_warning_epochs", "init_from")
SHOWN = ("trainer.log_every_n_steps",)  # keys of the same kind in other sections
# Keys that came later, with the value at which a run is what it was without them, and so has the hash that it had
LATER: Mapping[str, object] = {
    **{"metrics": {}, "monitor_mode": "auto", "freeze": [], "lr_factors": None},
    "trainer.num_nodes": 1,
}


def decides_result(key: str) -> bool:
    """Whether a dotted key of a config is part of the hash."""
    return key.partition(".")[0] not in WITHOUT_EFFECT and key not in (*PLACES, *SHOWN)


def config_hash(config: TrainConfig, data_digest: str | None, init_digest: str | None = None) -> str:
    """Hash what decides a result, see `decides_result`, and the digests; keys of `LATER` where they have an effect.

    Args:
        config: of the run.
        data_digest: of all images; None where it is unknown.
        init_digest: of the weights that training starts from.

    Returns:
        12 hexadecimal digits.
    """
    record = config.to_record()
    kept = _kept(record)
    if is_cross_entropy(record):  # its smoothing was a key of its own
        kept["label_smoothing"] = kept.pop("loss").get("label_smoothing") or 0.0
    for group in ("data", "trainer"):
        kept[group] = _kept(kept[group], f"{group}.")
    text = json.dumps([kept, data_digest, init_digest], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _kept(section: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the keys of a section that decide the result, without those of `LATER` that have no effect."""
    return {
        key: value
        for key, value in section.items()
        if decides_result(name := f"{prefix}{key}") and not (name in LATER and value == LATER[name])
    }
