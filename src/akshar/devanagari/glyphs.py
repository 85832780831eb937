"""Glyphs: characters drawn from packaged fonts and from pen strokes; nothing to download."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

import numpy as np
from pydantic import Field
from tqdm import tqdm

from akshar.data.cache import Arrays, cache_root, cached_arrays
from akshar.data.card import DatasetCard
from akshar.devanagari.cards import GLYPHS_CARD, INPUT_SPEC
from akshar.devanagari.letters import SUBSETS
from akshar.devanagari.other_hands import indian_forms, nepali_forms
from akshar.devanagari.strokes import FORMS, INDIAN_FORMS, JITTER
from akshar.devanagari.vowels import HELD_OUT_FORMS, VOWEL_FORMS
from akshar.pictures.input_spec import InputSpec

if TYPE_CHECKING:
    from akshar.data.image_set import ImageSet, TrainTest

Forms = Literal["nepali", "all", "other_hands"]
Jitter = Annotated[float, Field(ge=0, le=3)]
Subset: TypeAlias = Literal["all", "digits", "letters", "vowels", "letters58"]


@dataclass(frozen=True)
class Glyphs:
    """Drawn characters.

    Attributes:
        subset: "all" of DHCD's 46 classes, the 10 "digits", the 36 "letters", the 12 "vowels", or all "letters58".
        train_per_class: images of each class to train and validate on.
        test_per_class: images of each class to test on, from fonts (vowels also from pen strokes) that are not used
            for training.
        glyph_seed: seed of the drawing; the same seed draws the same images.
        cache_dir: folder of drawn images, see `cache_root`.
        forms: "nepali" as in DHCD; "all": half of the training images in Hindi and Marathi forms; "other_hands": as
            "all", with the forms of `other_hands.OTHER_FORMS` too.
        jitter: standard deviation of the points of pen strokes, in twentieths of the character's side.
    """

    subset: Subset = "all"
    train_per_class: Annotated[int, Field(ge=10)] = 400
    test_per_class: Annotated[int, Field(ge=1)] = 100
    glyph_seed: Annotated[int, Field(ge=0)] = 1
    cache_dir: str | None = None
    forms: Forms = "nepali"
    jitter: Jitter = JITTER

    card: ClassVar[DatasetCard] = GLYPHS_CARD
    input_spec: ClassVar[InputSpec] = INPUT_SPEC

    def class_sizes(self) -> list[int]:
        """Return the number of training images of each class."""
        return [self.train_per_class] * len(SUBSETS[self.subset])

    def load(self) -> "TrainTest":
        """Draw the images, or read the cache of them."""
        from akshar.data.image_set import TrainTest  # imports torch
        from akshar.devanagari.glyph_drawing import drawing_version

        values = (self.subset, self.train_per_class, self.test_per_class, self.glyph_seed)
        values += () if self.forms == "nepali" else (self.forms,)
        values += () if self.jitter == JITTER else (f"jitter{self.jitter:g}",)
        name = "-".join(map(str, ("glyphs", drawing_version(sys.modules[__name__]), *values)))
        arrays = cached_arrays(cache_root(self.cache_dir) / name, self._draw, ("train", "test"))
        train, test = (self._images(arrays[part]) for part in ("train", "test"))
        return TrainTest(self.card, self.input_spec, train, test)

    def _draw(self) -> Arrays:
        import torch

        from akshar.devanagari.glyph_drawing import INDIAN_FAMILIES, TEST_FAMILIES, TRAIN_FAMILIES, draw_class
        from akshar.seeds import generator

        characters = SUBSETS[self.subset]
        nepali_strokes, indian_strokes = FORMS, FORMS | INDIAN_FORMS
        if self.forms == "other_hands":
            nepali_strokes, indian_strokes = nepali_forms(), indian_forms()
        train, test = [], []
        for character in tqdm(characters, desc="drawing glyphs", unit=" classes", disable=None, leave=False):
            train_draws, test_draws = (
                generator(self.glyph_seed, part, character.folder) for part in ("train", "test")
            )
            indian = 0 if self.forms == "nepali" else self.train_per_class // 2
            nepali = self.train_per_class - indian
            for families, strokes, many in (
                (TRAIN_FAMILIES, nepali_strokes | VOWEL_FORMS, nepali),
                (INDIAN_FAMILIES, indian_strokes | VOWEL_FORMS, indian),
            ):
                if many:
                    train.append(draw_class(character, families, strokes, many, train_draws, jitter=self.jitter))
            test.append(draw_class(character, TEST_FAMILIES, HELD_OUT_FORMS, self.test_per_class, test_draws))
        return {name: torch.cat(parts)[:, 0].numpy() for name, parts in (("train", train), ("test", test))}

    def _images(self, pixels: np.ndarray) -> "ImageSet":
        import torch

        from akshar.data.image_set import ImageSet, as_tensor

        classes = tuple(character.folder for character in SUBSETS[self.subset])
        count = len(pixels) // len(classes)
        return ImageSet(
            as_tensor(pixels)[:, None],
            torch.arange(len(classes)).repeat_interleave(count),
            torch.arange(count).repeat(len(classes)),
            classes,
        )
