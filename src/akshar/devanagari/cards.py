"""Input spec and cards of the Devanagari data sets: image size, labels, sources, licences."""

from dataclasses import replace

from akshar.data.card import UNKNOWN, DatasetCard, PublishedResult
from akshar.devanagari.letters import CONSONANTS, DIGITS, SUBSETS, VOWELS
from akshar.pictures.input_spec import InputSpec

# DHCD stretches each character to 28x28 pixels inside a border of 2, light ink on black.
INPUT_SPEC = InputSpec(
    channels=1, height=32, width=32, polarity="light on dark", framing="ink", border=2, mean=0.5, std=0.5
)
LABELS = {character.folder: character.letter for character in SUBSETS["letters58"]}
TRANSLITERATIONS = {character.folder: character.name for character in SUBSETS["letters58"]}
GROUPS = {
    name: tuple(character.folder for character in characters)
    for name, characters in (("digits", DIGITS), ("consonants", CONSONANTS), ("vowels", VOWELS))
}
FONT = "fontpkg_noto_sans_devanagari"
SUBJECT = "handwritten character of Devanagari"
ONE_AT_A_TIME = "It reads one character at a time: no words, no vowel signs, no half forms."

CITATION = (
    "S. Acharya, A. K. Pant, P. K. Gyawali: Deep learning based large scale handwritten Devanagari character "
    "recognition. SKIMA 2015. https://doi.org/10.24432/C5XS53"
)
DHCD_LICENCE = "CC BY 4.0, as UCI states it for data set 389"

DHCD_CARD = DatasetCard(
    name="dhcd",
    title="DHCD, the Devanagari Handwritten Character Dataset: 92,000 scans from Nepal",
    licence=DHCD_LICENCE,
    citation=CITATION,
    subject=SUBJECT,
    limits=(
        ONE_AT_A_TIME,
        "Training and test images come from the same writers, so the test accuracy holds for known hands; "
        "expect less of a new one.",
        "The forms are those of Nepal; the Hindi forms of झ, ५, ८ and ९ differ and were seldom or never seen.",
    ),
    labels=LABELS,
    transliterations=TRANSLITERATIONS,
    groups=GROUPS,
    font=FONT,
    published=(  # on the official test set of the 46 classes
        PublishedResult("HCR-Net, ImageNet weights", 9_800_000, 0.9959, 0.0002),
        PublishedResult("MallaNet, one run", 17_300_000, 0.9971),
    ),
)
BROAD_CARD = DatasetCard(
    name="broad",
    title="DHCD, the Devanagari Handwritten Character Dataset: 92,000 scans from Nepal; and glyphs drawn by "
    "akshar in Nepali, Hindi and Marathi forms",
    licence=f"{DHCD_LICENCE}; the drawn images under MIT, from fonts under the SIL Open Font License 1.1",
    citation=CITATION,
    subject=SUBJECT,
    limits=(
        ONE_AT_A_TIME,
        "Training and test images of DHCD come from the same writers, so the test accuracy holds for known hands; "
        "expect less of a new one.",
        "Hindi and Marathi forms were learned from fonts and pen strokes, not from people's hands.",
    ),
    labels=LABELS,
    transliterations=TRANSLITERATIONS,
    groups=GROUPS,
    font=FONT,
)
LETTERS58_CARD = replace(
    BROAD_CARD,
    name="letters58",
    title=f"{BROAD_CARD.title}; with the twelve vowels, drawn by akshar and pasted together from pieces of scans",
    limits=(
        *BROAD_CARD.limits,
        "The twelve vowels (अ to अः) were learned from drawings and from pieces of other characters alone: nobody "
        "wrote them, DHCD has none, and the test accuracy does not count them.",
    ),
)
GLYPHS_CARD = DatasetCard(
    name="glyphs",
    title="glyphs drawn by akshar from fonts and pen strokes, not handwriting",
    licence="images made by a program, under MIT, from fonts under the SIL Open Font License 1.1",
    citation="none needed; the program draws them itself",
    subject=SUBJECT,
    limits=(
        ONE_AT_A_TIME,
        "It has seen no handwriting: the test accuracy holds for other fonts, not for people's hands.",
    ),
    labels=LABELS,
    transliterations=TRANSLITERATIONS,
    groups=GROUPS,
    font=FONT,
)


def folder_card(
    name: str = "folder",
    title: str = "a folder of images from whoever trained the model",
    licence: str = UNKNOWN,
    citation: str = UNKNOWN,
) -> DatasetCard:
    """Make the card of a user's pictures of characters, which shows DHCD's class names as letters."""
    return DatasetCard(
        name, title, licence, citation, labels=LABELS, transliterations=TRANSLITERATIONS, groups=GROUPS, font=FONT
    )
