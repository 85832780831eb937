"""Metadata of an exported file, the same in ONNX and in safetensors: text by key."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from akshar import __version__
from akshar.config.places import without_places
from akshar.runs.checkpoint import FORMAT, weights_digest
from akshar.runs.load_checkpoint import TrainedNetwork

# Keys of a config's data that determine which images were used for training and validation.
SPLIT_KEYS = ("val_fraction", "folds", "fold", "split", "split_seed")


def facts_of(trained: TrainedNetwork) -> dict[str, str]:
    """Everything needed to use an exported file, and its origin; JSON except for the version and the digest.

    Returns:
        akshar: version that wrote the file.
        format: version of the checkpoint format.
        network: target and arguments of the network.
        classes: names, in the order of the probabilities.
        letters: the text to display for each class, in the same order; for use without akshar.
        input_spec: how pictures become input, see `InputSpec`.
        card: of the training data, see `DatasetCard`.
        temperature: divides the logits for calibrated probabilities.
        config: of the training run as YAML, without paths: name, seed, model, data.
        weights_sha256: digest of the weights.
    """
    values = {
        "format": FORMAT,
        "network": trained.node,
        "classes": list(trained.classes),
        "letters": [trained.card.label(name) for name in trained.classes],
        "input_spec": trained.input_spec.to_record(),
        "card": trained.card.to_record(),
        "temperature": trained.temperature,
        "config": yaml.safe_dump(_shareable(trained.config), sort_keys=False, allow_unicode=True),
    }
    return {
        "akshar": __version__,
        **{key: json.dumps(value, ensure_ascii=False) for key, value in values.items()},
        "weights_sha256": weights_digest(trained.classifier.net.state_dict()),
    }


def _shareable(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a config that means something on another machine."""
    data = config.get("data")
    data = data if isinstance(data, dict) else {}
    shared = {key: value for key, value in without_places(data).items() if not _is_path(value)}
    return {key: config.get(key) for key in ("name", "seed", "model")} | {"data": shared}


def _is_path(value: object) -> bool:
    """Whether a value may name a place on this machine; nested values count as such."""
    if isinstance(value, str):
        return any(separator in value for separator in "/\\~")
    return not isinstance(value, int | float | None)
