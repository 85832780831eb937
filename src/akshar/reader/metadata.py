"""Reads the metadata of an exported file: its classes, its input spec and the card of its data set."""

from collections.abc import Mapping, Sequence

from akshar.data.card import UNKNOWN, DatasetCard
from akshar.files import parse_json
from akshar.pictures.input_spec import InputSpec

OLD_LICENCE = "data: "  # precedes the licence in files of akshar 0.1


def read_classes(facts: Mapping[str, str]) -> tuple[str, ...]:
    """Class names in the order of the probabilities.

    Raises:
        ValueError: they are missing or not text.
    """
    classes = parse_json(facts.get("classes"))
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise ValueError("classes: missing, or not a list of names")
    return tuple(classes)


def read_spec(facts: Mapping[str, str]) -> InputSpec:
    """How pictures become the network's input; akshar 0.1 called this `preprocessing`.

    Raises:
        ValueError: it is missing or not an input spec.
    """
    return InputSpec.from_record(parse_json(facts.get("input_spec", facts.get("preprocessing"))))


def read_card(facts: Mapping[str, str], classes: Sequence[str]) -> DatasetCard:
    """Card of the training data.

    Files of akshar 0.1 have no card: theirs is made of the facts that they have instead.

    Raises:
        ValueError: there is a card, and it is damaged.
    """
    if "card" in facts:
        return DatasetCard.from_record(parse_json(facts["card"]))
    from akshar.devanagari.cards import FONT, GROUPS, TRANSLITERATIONS

    letters = parse_json(facts.get("letters"))
    lettered = isinstance(letters, list) and all(isinstance(letter, str) for letter in letters)
    return DatasetCard(
        name="unknown",
        title=facts.get("data", "unknown"),
        licence=facts.get("licence", UNKNOWN).removeprefix(OLD_LICENCE),
        citation=facts.get("citation", UNKNOWN),
        subject="Devanagari character",
        font=FONT,
        labels=dict(zip(classes, letters, strict=False)) if lettered else {},
        transliterations={name: latin for name, latin in TRANSLITERATIONS.items() if name in classes},
        groups=GROUPS,
    )
