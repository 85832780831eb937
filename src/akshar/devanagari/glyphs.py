"""The embedded data set: the 46 characters drawn from packaged fonts and from pen strokes, in many hands."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from tqdm import tqdm

from akshar.data import augment
from akshar.data.cache import Arrays, cache_root, cached_arrays, code_version
from akshar.data.image_set import ImageSet, TrainTest
from akshar.devanagari import pen
from akshar.devanagari import strokes as strokes_module
from akshar.devanagari.letters import SUBSETS, Character
from akshar.devanagari.pen import draw_glyph, draw_strokes, handwrite
from akshar.devanagari.strokes import FORMS, INDIAN_FORMS
from akshar.pictures import text
from akshar.pictures.text import font_files, load_font
from akshar.seeds import generator

STROKES = 0.6  # share of the training characters drawn from pen strokes; the rest from fonts


@dataclass(frozen=True)
class Family:
    """A font family and how often it is drawn from.

    Attributes:
        package: that carries it.
        share: relative to the other families.
        weights: of the pen, for a variable font; else each of its files.
        language: "ne" for Nepali forms of झ ५ ८ ९, "hi" for Hindi ones.
        digits: whether its Devanagari digits are Devanagari; some fonts draw Latin ones there.
    """

    package: str
    share: float
    weights: tuple[int, ...] = ()
    language: str = "hi"
    digits: bool = True


TRAIN_FAMILIES = (
    Family("fontpkg_kalam", 3),  # a hand's own
    Family("fontpkg_noto_sans_devanagari", 2, (100, 200, 300, 400, 500), "ne"),
    Family("fontpkg_noto_sans_devanagari", 0.5, (100, 200, 300, 400, 500)),
    Family("fontpkg_mukta", 1),
    Family("fontpkg_hind", 0.7, digits=False),
    Family("fontpkg_poppins", 0.7, digits=False),
    Family("fontpkg_teko", 0.3, (300, 400), digits=False),
)
INDIAN_FAMILIES = (  # forms that are seldom written in Nepal
    Family("fontpkg_kalam", 2),
    Family("fontpkg_noto_sans_devanagari", 2, (100, 200, 300, 400, 500), "hi"),
    Family("fontpkg_noto_sans_devanagari", 2, (100, 200, 300, 400, 500), "mr"),
    Family("fontpkg_mukta", 1, language="mr"),
)
TEST_FAMILIES = (  # none of them is in training
    Family("fontpkg_baloo_2", 1, (400, 600)),
    Family("fontpkg_rajdhani", 1, digits=False),
)
TOO_THICK = ("Black", "ExtraBold")


@dataclass(frozen=True)
class Glyphs:
    """Drawn characters.

    Attributes:
        subset: "all" 46 classes, the 10 "digits" or the 36 "letters".
        train_per_class: images of each class to train and validate on.
        test_per_class: images of each class to test on, from fonts that training never sees.
        seed: of the drawing; the same seed draws the same images.
        cache_dir: see `cache_root`.
        forms: "nepali" as in DHCD, or "all": as many again in Hindi and Marathi forms.
    """

    subset: Literal["all", "digits", "letters"] = "all"
    train_per_class: Annotated[int, Field(ge=10)] = 400
    test_per_class: Annotated[int, Field(ge=1)] = 100
    seed: Annotated[int, Field(ge=0)] = 1
    cache_dir: str | None = None
    forms: Literal["nepali", "all"] = "nepali"

    def load(self) -> TrainTest:
        """Draws the images, or reads the cache of them."""
        name = f"glyphs-{_version()}-{self.subset}-{self.train_per_class}-{self.test_per_class}-{self.seed}"
        name += "" if self.forms == "nepali" else f"-{self.forms}"
        arrays = cached_arrays(cache_root(self.cache_dir) / name, self._draw, ("train", "test"))
        return TrainTest("glyphs", self._images(arrays["train"]), self._images(arrays["test"]))

    def _draw(self) -> Arrays:
        characters = SUBSETS[self.subset]
        train, test = [], []
        for character in tqdm(characters, desc="drawing glyphs", unit=" classes", disable=None, leave=False):
            train_draws, test_draws = (generator(self.seed, part, character.folder) for part in ("train", "test"))
            indian = self.train_per_class // 2 if self.forms == "all" else 0
            nepali = self.train_per_class - indian
            train.append(draw_class(character, TRAIN_FAMILIES, FORMS, nepali, train_draws))
            if indian:
                forms = {**FORMS, **INDIAN_FORMS}
                train.append(draw_class(character, INDIAN_FAMILIES, forms, indian, train_draws))
            test.append(draw_class(character, TEST_FAMILIES, {}, self.test_per_class, test_draws))
        return {name: torch.cat(parts)[:, 0].numpy() for name, parts in (("train", train), ("test", test))}

    def _images(self, pixels: np.ndarray) -> ImageSet:
        classes = tuple(character.folder for character in SUBSETS[self.subset])
        count = len(pixels) // len(classes)
        return ImageSet(
            torch.from_numpy(pixels)[:, None],
            torch.arange(len(classes)).repeat_interleave(count),
            torch.arange(count).repeat(len(classes)),
            classes,
        )


def _version() -> str:
    """Of all that decides the drawing: a cached set is drawn anew when any of it changes."""
    packages = {family.package.replace("_", "-") for family in (*TRAIN_FAMILIES, *TEST_FAMILIES)}
    return code_version(
        (augment, text, pen, strokes_module, sys.modules[__name__]), ("uharfbuzz", *sorted(packages))
    )


def draw_class(
    character: Character,
    families: tuple[Family, ...],
    stroke_forms: Mapping[str, tuple[str, ...]],
    count: int,
    draws: torch.Generator,
) -> Tensor:
    """Draws one character many times, in random order.

    Args:
        character: which.
        families: fonts.
        stroke_forms: pen strokes of each letter, see `strokes.FORMS`; empty for none.
        count: images in all.
        draws: of all that differs.

    Returns:
        uint8 [0, 255] (count, 1, 32, 32).
    """
    forms = stroke_forms.get(character.letter, ())
    strokes = round(STROKES * count) if forms else 0
    counts = [strokes // len(forms) + (position < strokes % len(forms)) for position in range(len(forms))]
    canvases = [
        draw_strokes(form, many, draws, jitter=1.7, drift=1.0)
        for form, many in zip(forms, counts, strict=True)
        if many
    ]
    canvases.append(_draw_fonts(character, families, count - strokes, draws))
    hairline = torch.arange(count) < strokes
    images = handwrite(torch.cat(canvases), hairline, draws)
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
