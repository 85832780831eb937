"""Finds the classes that `only` names: groups of the card, letters, or names of classes."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from akshar.config.keys import did_you_mean
from akshar.data.card import DatasetCard
from akshar.errors import UsageError
from akshar.files import printable

LISTED = 60  # labels in a message
LONGEST = 80  # characters of a word in a message

Positions = Mapping[str, list[int]]  # by name; several classes may share a label


def chosen_classes(only: str | None, classes: Sequence[str], card: DatasetCard) -> np.ndarray:
    """Find the classes that `only` names.

    Args:
        only: groups, labels, names in Latin letters or class names, separated by commas. Labels may also stand
            together; the longest is taken first, so that "कक्ष" is क and क्ष. None for all classes.
        classes: the network's, in its order.
        card: with their labels and groups.

    Returns:
        int64 (k,): positions in `classes`, ascending; k from 1.

    Raises:
        UsageError: a word names no class of this network; the message says what does.
    """
    if only is None:
        return np.arange(len(classes))
    if not isinstance(only, str):
        raise UsageError(f'only={only!r}: must be one text, such as "digits" or "क,ख"')
    numbered = list(enumerate(classes))
    labels = _positions((card.label(name), position) for position, name in numbered)
    latin = _positions((card.transliteration(name), position) for position, name in numbered)
    own = _positions((name, position) for position, name in numbered)
    groups = known_groups(classes, card)
    named = {**latin, **labels, **own, **groups}
    chosen: set[int] = set()
    for word in [part for part in only.split(",") if part.strip()] or [only]:
        name = _normalised(word)
        found = named.get(name) or _spelled(name, labels)
        if not found:
            raise UsageError(_refusal(name, named, groups, labels, known=name in map(_normalised, card.groups)))
        chosen.update(found)
    return np.array(sorted(chosen), np.int64)


def known_groups(classes: Sequence[str], card: DatasetCard) -> Positions:
    """Find the groups of a card of which a network knows classes, with their positions in `classes`."""
    positions = {name: position for position, name in enumerate(classes)}
    return _positions(
        (group, positions[name]) for group, names in card.groups.items() for name in names if name in positions
    )


def _positions(pairs: Iterable[tuple[str, int]]) -> Positions:
    found: dict[str, list[int]] = {}
    for name, position in pairs:
        found.setdefault(_normalised(name), []).append(position)
    return found


def _normalised(name: str) -> str:
    """A name as it is compared: the same letters may be coded in several ways."""
    return unicodedata.normalize("NFC", name.strip())


def _spelled(word: str, labels: Positions) -> list[int]:
    """Positions of the labels that a word is written with; none if something is left over."""
    longest, found = max(map(len, labels)), []
    while word:
        label = next((word[:length] for length in range(longest, 0, -1) if word[:length] in labels), None)
        if label is None:
            return []
        found += labels[label]
        word = word[len(label) :].lstrip()
    return found


def _refusal(word: str, named: Positions, groups: Positions, labels: Positions, known: bool) -> str:
    """Say that a word names no class, and what does; `known` if it is a group whose classes the network lacks."""
    if known:
        problem = "no class of this network"
    elif groups:
        problem = "not a group, letter or class of this network"
    else:
        problem = "not a letter or class of this network, whose data has no groups"
    letters = ", ".join(map(printable, list(labels)[:LISTED]))
    letters += f" and {len(labels) - LISTED:,} more" if len(labels) > LISTED else ""
    knows = f"the groups {', '.join(map(printable, groups))}, and {letters}" if groups else letters
    return f"only={printable(word)[:LONGEST]}: {problem}{did_you_mean(word, named) or '.'} It knows {knows}"
