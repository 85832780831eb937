"""Drawing of characters from packaged fonts and from pen strokes, each time with different handwriting."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor

from akshar.data import augment
from akshar.data.cache import code_version
from akshar.devanagari import other_hands, pen, strokes, vowels
from akshar.devanagari.letters import VOWELS, Character
from akshar.devanagari.pen import GRID, NIB, THINNEST, draw_glyph, draw_strokes, handwrite, parse_form
from akshar.devanagari.strokes import JITTER
from akshar.pictures import text
from akshar.pictures.text import font_files, load_font

STROKES = 0.6  # share of the characters drawn from pen strokes; the rest from fonts
# Vowels have more strokes in the same space, and dots: their greatest jitter, and their share of the pen's width
STEADY, FINE = 0.6 * JITTER, 0.9
DOTTED_THINNEST = 0.48


@dataclass(frozen=True)
class Family:
    """A font family and its share of the drawings.

    Attributes:
        package: that contains it.
        share: relative to the other families.
        weights: stroke weights of a variable font; empty: each of its files.
        language: "ne" for Nepali forms of झ ५ ८ ९, "hi" for Hindi and "mr" for Marathi forms.
        digits: whether its digits are drawn; some fonts have Latin shapes there.
    """

    package: str
    share: float
    weights: tuple[int, ...] = ()
    language: str = "hi"
    digits: bool = True


TRAIN_FAMILIES = (
    Family("fontpkg_kalam", 3),  # modelled on handwriting
    Family("fontpkg_noto_sans_devanagari", 2, (100, 200, 300, 400, 500), "ne"),
    Family("fontpkg_noto_sans_devanagari", 0.5, (100, 200, 300, 400, 500)),
    Family("fontpkg_mukta", 1),
    Family("fontpkg_hind", 0.7, digits=False),
    Family("fontpkg_poppins", 0.7, digits=False),
    Family("fontpkg_teko", 0.3, (300, 400), digits=False),
)
INDIAN_FAMILIES = (  # forms that are rare in Nepal
    Family("fontpkg_kalam", 2),
    Family("fontpkg_noto_sans_devanagari", 2, (100, 200, 300, 400, 500), "hi"),
    Family("fontpkg_noto_sans_devanagari", 2, (100, 200, 300, 400, 500), "mr"),
    Family("fontpkg_mukta", 1, language="mr"),
)
TEST_FAMILIES = (  # not used for training
    Family("fontpkg_baloo_2", 1, (400, 600)),
    Family("fontpkg_rajdhani", 1, digits=False),
)
TOO_THICK = ("Black", "ExtraBold")


def drawing_version(caller: ModuleType) -> str:
    """Hash the code and fonts that decide a drawing; a cached set is drawn again when any of them changes.

    Args:
        caller: the module that chooses families and forms.
    """
    packages = {family.package.replace("_", "-") for family in (*TRAIN_FAMILIES, *TEST_FAMILIES)}
    modules = (augment, text, pen, strokes, other_hands, vowels, sys.modules[__name__], caller)
    return code_version(modules, ("uharfbuzz", *sorted(packages)))


def draw_class(
    character: Character,
    families: tuple[Family, ...],
    stroke_forms: Mapping[str, tuple[str, ...]],
    count: int,
    draws: torch.Generator,
    strokes_share: float = STROKES,
    jitter: float = JITTER,
) -> Tensor:
    """Draw one character many times, in random order.

    Args:
        character: to draw.
        families: fonts to draw from.
        stroke_forms: pen strokes of each letter, see `strokes.FORMS`; a letter that is missing uses fonts only.
        count: number of images.
        draws: source of all random numbers.
        strokes_share: share of the images drawn from pen strokes, [0, 1]; the rest from fonts.
        jitter: of the points of strokes, see `draw_strokes`; whole strokes drift in proportion.

    Returns:
        uint8 [0, 255] (count, 1, 32, 32).
    """
    forms = stroke_forms.get(character.letter, ())
    from_strokes = round(strokes_share * count) if forms else 0
    counts = [from_strokes // len(forms) + (position < from_strokes % len(forms)) for position in range(len(forms))]
    fine, thinnest = (FINE, DOTTED_THINNEST) if character in VOWELS else (1.0, THINNEST)
    jitter = min(jitter, STEADY) if character in VOWELS else jitter
    largest = max((float(parse_form(form)[2].max()) for form in forms), default=GRID)
    canvases = [
        draw_strokes(form, many, draws, jitter, drift=jitter / JITTER)
        for form, many in zip(forms, counts, strict=True)
        if many
    ]
    if count > from_strokes:
        canvases.append(_draw_fonts(character, families, count - from_strokes, draws))
    hairline = torch.arange(count) < from_strokes
    images = handwrite(torch.cat(canvases), hairline, draws, NIB * fine * GRID / largest, thinnest)
    return images[torch.randperm(count, generator=draws)]


def _draw_fonts(character: Character, families: tuple[Family, ...], count: int, draws: torch.Generator) -> Tensor:
    glyphs, shares = [], []
    for family in families:
        if character.name.isdecimal() and not family.digits:
            continue
        faces = [
            load_font(path, **axes)
            for path in font_files(family.package)
            if not any(word in path.name for word in TOO_THICK)
            for axes in ([{"wght": float(weight)} for weight in family.weights] or [{}])
        ]
        glyphs += [draw_glyph(font, character.letter, family.language) for font in faces]
        shares += [family.share / len(faces)] * len(faces)
    chosen = torch.multinomial(torch.tensor(shares), count, replacement=True, generator=draws)
    return torch.stack(glyphs)[chosen]
