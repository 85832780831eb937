"""What an exported file says of itself: text by key, the same in ONNX and in safetensors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from akshar import __version__
from akshar.devanagari.letters import letter_of
from akshar.pictures.frame import PREPROCESSING
from akshar.runs.checkpoint import FORMAT, weights_digest
from akshar.runs.load_checkpoint import TrainedNetwork

# Of a config's data: what says which images were trained and validated on. Places stay at home.
DATA_KEYS = ("val_fraction", "folds", "fold", "split", "split_seed")
SOURCE_KEYS = (
    *("_target_", "subset", "train_per_class", "test_per_class", "seed", "forms", "test_fraction", "test_seed"),
    *("drawn_per_class", "glyph_seed"),
)

ASK = "not known to the program; ask whoever trained it"


@dataclass(frozen=True)
class Source:
    """What is to be said of a model's training data.

    Attributes:
        name: in a sentence.
        licence: of the data.
        citation: how its makers are named.
        limits: what it does to a model that learned from it, a sentence each.
    """

    name: str
    licence: str
    citation: str
    limits: tuple[str, ...]


SOURCES = {
    "akshar.devanagari.dhcd.DHCD": Source(
        "DHCD, the Devanagari Handwritten Character Dataset: 92,000 scans from Nepal",
        "CC BY 4.0, as UCI states it for data set 389",
        "S. Acharya, A. K. Pant, P. K. Gyawali: Deep learning based large scale handwritten Devanagari character "
        "recognition. SKIMA 2015. https://doi.org/10.24432/C5XS53",
        (
            "Training and test images come from the same writers, so the test accuracy is that of known hands; "
            "expect less of a new one.",
            "The forms are those written in Nepal: Hindi's forms of झ, ५, ८ and ९ differ and were seldom or never "
            "seen.",
        ),
    ),
    "akshar.devanagari.broad.Broad": Source(
        "DHCD, the Devanagari Handwritten Character Dataset: 92,000 scans from Nepal; and beside it glyphs drawn "
        "by akshar in Nepali, Hindi and Marathi forms",
        "CC BY 4.0, as UCI states it for data set 389; the drawn ones under MIT from fonts under the SIL Open Font "
        "License 1.1",
        "S. Acharya, A. K. Pant, P. K. Gyawali: Deep learning based large scale handwritten Devanagari character "
        "recognition. SKIMA 2015. https://doi.org/10.24432/C5XS53",
        (
            "Training and test images of DHCD come from the same writers, so the test accuracy is that of known "
            "hands; expect less of a new one.",
            "Hindi's and Marathi's forms were learned from fonts and pen strokes, not from people's hands.",
        ),
    ),
    "akshar.devanagari.glyphs.Glyphs": Source(
        "glyphs drawn by akshar from fonts and pen strokes; no person's hand",
        "images made by a program under MIT from fonts under the SIL Open Font License 1.1",
        "none needed; the program draws them itself",
        ("It has seen no handwriting: the test accuracy is that on other fonts, not that on people's hands.",),
    ),
    "akshar.data.folder.Folder": Source(
        "a folder of images of whoever trained it",
        ASK,
        ASK,
        (),
    ),
}
UNKNOWN = Source("data of whoever trained it", ASK, ASK, ())


def source_of(config: Mapping[str, Any]) -> Source:
    """The data that a run's config names."""
    return SOURCES.get(str(source_node(config).get("_target_")), UNKNOWN)


def source_node(config: Mapping[str, Any]) -> dict[str, Any]:
    """The `data.source` node of a config, which may come from a file of others."""
    data = config.get("data")
    node = data.get("source") if isinstance(data, dict) else None
    return node if isinstance(node, dict) else {}


def facts_of(trained: TrainedNetwork) -> dict[str, str]:
    """Everything it takes to use the file, and where it comes from; lists and numbers as JSON.

    Returns:
        akshar (version), format (of checkpoints), classes, letters, preprocessing, temperature, config (model and
        data, without places), weights_sha256, data, licence, citation.
    """
    source = source_of(trained.config)
    values = {
        "format": FORMAT,
        "classes": list(trained.classes),
        "letters": [letter_of(name) for name in trained.classes],
        "preprocessing": PREPROCESSING,
        "temperature": trained.temperature,
        "config": _shareable(trained.config),
    }
    return {
        "akshar": __version__,
        **{key: json.dumps(value, ensure_ascii=False) for key, value in values.items()},
        "weights_sha256": weights_digest(trained.classifier.net.state_dict()),
        "data": source.name,
        "licence": f"data: {source.licence}",
        "citation": source.citation,
    }


def _shareable(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a config that means something on another machine."""
    data, node = config.get("data") or {}, source_node(config)
    source = {key: node[key] for key in SOURCE_KEYS if key in node}
    return {
        "name": config.get("name"),
        "seed": config.get("seed"),
        "model": config.get("model"),
        "data": {**{key: data[key] for key in DATA_KEYS if key in data}, "source": source},
    }
