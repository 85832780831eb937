"""The 46 characters of DHCD: their folders, letters, names and order."""

from dataclasses import dataclass

from akshar.data.card import DatasetCard, PublishedResult


@dataclass(frozen=True)
class Character:
    """One class of DHCD.

    Attributes:
        folder: the class's folder in the data set, which is the class's name everywhere in files.
        letter: the character itself, which is what a person is shown.
        name: DHCD's romanised name, or the digit's value.
    """

    folder: str
    letter: str
    name: str


_CONSONANTS = (
    "ka क kha ख ga ग gha घ kna ङ cha च chha छ ja ज jha झ yna ञ taamatar ट thaa ठ daa ड dhaa ढ adna ण tabala त "
    "tha थ da द dha ध na न pa प pha फ ba ब bha भ ma म yaw य ra र la ल waw व motosaw श petchiryakha ष "
    "patalosaw स ha ह chhya क्ष tra त्र gya ज्ञ"
).split()

CONSONANTS: tuple[Character, ...] = tuple(
    Character(f"character_{number}_{name}", letter, name)
    for number, (name, letter) in enumerate(zip(_CONSONANTS[::2], _CONSONANTS[1::2], strict=True), start=1)
)
DIGITS: tuple[Character, ...] = tuple(
    Character(f"digit_{value}", letter, str(value)) for value, letter in enumerate("०१२३४५६७८९")
)

SUBSETS: dict[str, tuple[Character, ...]] = {
    "all": CONSONANTS + DIGITS,
    "digits": DIGITS,
    "letters": CONSONANTS,
}

# Images of each class in DHCD's two parts.
PER_CLASS = {"Train": 1700, "Test": 300}

_BY_FOLDER = {character.folder: character for character in SUBSETS["all"]}

LABELS = {character.folder: character.letter for character in SUBSETS["all"]}
TRANSLITERATIONS = {character.folder: character.name for character in SUBSETS["all"]}

DEVANAGARI = DatasetCard(
    name="devanagari",
    title="Devanagari characters",
    labels=LABELS,
    transliterations=TRANSLITERATIONS,
    font="fontpkg_noto_sans_devanagari",
)

# Accuracy on the official test set of DHCD's 46 classes.
PUBLISHED = (
    PublishedResult("HCR-Net, ImageNet weights", 9_800_000, 0.9959, 0.0002),
    PublishedResult("MallaNet, one run", 17_300_000, 0.9971),
)


def letter_of(class_name: str) -> str:
    """What a person is shown for a class: DHCD's folders become letters, other names stay as they are.

    >>> letter_of("character_36_gya"), letter_of("digit_5"), letter_of("cat")
    ('ज्ञ', '५', 'cat')
    """
    character = _BY_FOLDER.get(class_name)
    return character.letter if character else class_name


def name_of(class_name: str) -> str:
    """How a class is said in Latin letters: DHCD's folders by their romanised name, other names stay.

    >>> name_of("character_36_gya"), name_of("digit_5"), name_of("cat")
    ('gya', '5', 'cat')
    """
    character = _BY_FOLDER.get(class_name)
    return character.name if character else class_name


def class_order(class_names: list[str]) -> list[str]:
    """Sorts class names as DHCD counts them (1, 2, ... 36, then the digits), others after them by name.

    >>> class_order(["digit_0", "character_10_yna", "zebra", "character_2_kha"])
    ['character_2_kha', 'character_10_yna', 'digit_0', 'zebra']
    """
    known = {folder: position for position, folder in enumerate(_BY_FOLDER)}
    return sorted(class_names, key=lambda name: (known.get(name, len(known)), name))
