"""The card of a data set that only a config names, for files of akshar 0.1, which did not keep it."""

from collections.abc import Mapping
from typing import Any

from akshar.config.trusted import build_trusted
from akshar.data.card import DatasetCard


def card_of(config: Mapping[str, Any]) -> DatasetCard:
    """Return the card of the data set that a config names; a bare one where that is not one of akshar's."""
    data = config.get("data")
    target = data.get("_target_") if isinstance(data, dict) else None
    places = (
        {key: value for key, value in data.items() if key in ("root", "archive")} if isinstance(data, dict) else {}
    )
    try:
        return build_trusted("config", {"_target_": target, **places}, ()).card
    except Exception:  # the class is not ours, or takes other arguments
        return DatasetCard(str(target).rpartition(".")[2].lower(), "images from whoever trained the model")
