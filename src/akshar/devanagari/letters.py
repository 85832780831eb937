"""The 58 signs of the basic script: class names, letters, names in Latin letters. DHCD has all but the vowels."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Character:
    """One class.

    Attributes:
        folder: folder in DHCD, which is the class name; for a vowel, a name in the same style.
        letter: the character itself.
        name: in Latin letters, as in DHCD; or the value of a digit.
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
# Independent vowels, in the order in which they are recited, with a, aa, ..., am (nasal) and ah (with a breath)
VOWELS: tuple[Character, ...] = tuple(
    Character(f"vowel_{number}_{name}", letter, name)
    for number, (name, letter) in enumerate(
        zip("a aa i ii u uu e ai o au am ah".split(), "अ आ इ ई उ ऊ ए ऐ ओ औ अं अः".split(), strict=True), start=1
    )
)

# "all" is all of DHCD, whose labels 0 to 45 are the same in "letters58"
SUBSETS: dict[str, tuple[Character, ...]] = {
    "all": CONSONANTS + DIGITS,
    "digits": DIGITS,
    "letters": CONSONANTS,
    "vowels": VOWELS,
    "letters58": CONSONANTS + DIGITS + VOWELS,
}

# Number of images of each class in DHCD's two parts
PER_CLASS = {"Train": 1700, "Test": 300}
