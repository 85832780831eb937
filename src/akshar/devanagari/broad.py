"""Broad: DHCD, with drawn characters in Nepali, Hindi and Marathi forms added to training and validation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from akshar.data.card import DatasetCard
from akshar.devanagari.cards import BROAD_CARD, INPUT_SPEC, LETTERS58_CARD
from akshar.devanagari.dhcd import DHCD, URL
from akshar.devanagari.glyphs import Forms, Glyphs, Jitter, Subset
from akshar.devanagari.letters import SUBSETS, VOWELS
from akshar.devanagari.strokes import JITTER
from akshar.pictures.input_spec import InputSpec

if TYPE_CHECKING:
    from akshar.data.image_set import ImageSet, TrainTest


@dataclass(frozen=True)
class Broad:
    """DHCD and drawn characters for training and validation; the test images are DHCD's alone.

    Attributes:
        archive, url, cache_dir: see `DHCD`.
        subset: see `DHCD`; or "letters58", which has the twelve vowels too, but none of them in the test set.
        drawn_per_class: drawn characters of each class that DHCD has, in Nepali, Hindi and Marathi forms.
        drawn_per_vowel: drawn characters of each vowel. 1,200 is half of the images that another class has, and
            twice its drawn ones: rarer in all, more frequent among the drawn, by the same factor. With 2,300, as
            many as another class has, every second drawn image would be a vowel: drawn would come to mean vowel.
        pasted_per_vowel: vowels pasted together from DHCD's training scans, without which a scan would come to mean
            no vowel.
        glyph_seed: seed of the drawing.
        forms, jitter: of the drawn characters, see `Glyphs`.
    """

    archive: str | None = None
    subset: Literal["all", "digits", "letters", "letters58"] = "all"
    url: str = URL
    cache_dir: str | None = None
    drawn_per_class: Annotated[int, Field(ge=10)] = 600
    drawn_per_vowel: Annotated[int, Field(ge=10)] = 1200
    pasted_per_vowel: Annotated[int, Field(ge=0)] = 600
    glyph_seed: Annotated[int, Field(ge=0)] = 1
    forms: Forms = "all"
    jitter: Jitter = JITTER

    input_spec: ClassVar[InputSpec] = INPUT_SPEC

    @property
    def card(self) -> DatasetCard:
        """The card; with vowels, it says how they were learned."""
        return LETTERS58_CARD if self._has_vowels else BROAD_CARD

    def class_sizes(self) -> list[int]:
        """Return the number of training images of each class, scanned and drawn."""
        sizes = [size + self.drawn_per_class for size in self._dhcd.class_sizes()]
        return sizes + [self.drawn_per_vowel + self.pasted_per_vowel] * len(VOWELS) * self._has_vowels

    def load(self) -> "TrainTest":
        """Load all sets; see `DHCD.load`."""
        from akshar.data.image_set import TrainTest  # imports torch
        from akshar.devanagari.pasted_vowels import pasted_vowels

        dhcd = self._dhcd.load()
        assert dhcd.train is not None
        assert dhcd.test is not None
        drawn = [self._glyphs(self._dhcd.subset, self.drawn_per_class)]
        if self._has_vowels:
            drawn.append(self._glyphs("vowels", self.drawn_per_vowel))
            if self.pasted_per_vowel:
                drawn.append(pasted_vowels(dhcd.train, self.pasted_per_vowel, self.glyph_seed, self.cache_dir))
        classes = tuple(character.folder for character in SUBSETS[self.subset])
        train = _joined([dhcd.train, *drawn], classes)
        return TrainTest(self.card, self.input_spec, train, replace(dhcd.test, classes=classes))

    def _glyphs(self, subset: Subset, count: int) -> "ImageSet":
        images = Glyphs(subset, count, 1, self.glyph_seed, self.cache_dir, self.forms, self.jitter).load().train
        assert images is not None
        return images

    @property
    def _has_vowels(self) -> bool:
        return self.subset == "letters58"

    @property
    def _dhcd(self) -> DHCD:
        return DHCD(self.archive, "all" if self.subset == "letters58" else self.subset, self.cache_dir, self.url)


def _joined(sets: "Sequence[ImageSet]", classes: tuple[str, ...]) -> "ImageSet":
    """Join sets, labelled by `classes`; numbers go on from set to set, so that no block of a split spans two."""
    import torch

    from akshar.data.image_set import ImageSet

    labels, numbers, next_number = [], [], 0
    for images in sets:
        labels.append(torch.tensor([classes.index(name) for name in images.classes])[images.labels])
        numbers.append(images.numbers + next_number)
        next_number = int(numbers[-1].max()) + 1
    pixels = torch.cat([images.pixels for images in sets])
    return ImageSet(pixels, torch.cat(labels), torch.cat(numbers), classes)
