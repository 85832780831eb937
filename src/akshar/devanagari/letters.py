"""The 46 characters of DHCD: class names, letters, names in Latin letters."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Character:
    """One class of DHCD.

    Attributes:
        folder: folder in the data set, which is the class name.
        letter: the character itself.
        name: DHCD's name in Latin letters, or the value of a digit.
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

# Number of images of each class in DHCD's two parts
PER_CLASS = {"Train": 1700, "Test": 300}
