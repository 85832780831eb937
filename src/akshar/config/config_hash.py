"""The hash by which a run's config is known."""

import hashlib
import json

from akshar.config.places import PLACES
from akshar.config.schema import TrainConfig

# Keys that do not change a result: names, what is shown, saved or done afterwards, and where data and weights lie
# (their digests are part of the hash).
WITHOUT_EFFECT = ("name", "logger", "traceback", "test", "checkpoint", "chance_warning_epochs", "init_from")
SHOWN = ("trainer.log_every_n_steps",)  # keys of the same kind in other sections


def decides_result(key: str) -> bool:
    """Whether a dotted key of a config is part of the hash."""
    return key.partition(".")[0] not in WITHOUT_EFFECT and key not in (*PLACES, *SHOWN)


def config_hash(config: TrainConfig, data_digest: str, init_digest: str | None = None) -> str:
    """Hash what decides a result, see `decides_result`, and the digests.

    Args:
        config: of the run.
        data_digest: of all images.
        init_digest: of the weights that training starts from.

    Returns:
        12 hexadecimal digits.
    """
    kept = {key: value for key, value in config.to_record().items() if key not in WITHOUT_EFFECT}
    for group in ("data", "trainer"):
        kept[group] = {key: value for key, value in kept[group].items() if decides_result(f"{group}.{key}")}
    text = json.dumps([kept, data_digest, init_digest], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
