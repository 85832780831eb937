"""Broad: DHCD, with drawn characters in Nepali, Hindi and Marathi forms added to training and validation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from akshar.data.card import DatasetCard
from akshar.devanagari.cards import BROAD_CARD, INPUT_SPEC
from akshar.devanagari.dhcd import DHCD, URL
from akshar.devanagari.glyphs import Forms, Glyphs, Jitter
from akshar.devanagari.strokes import JITTER
from akshar.pictures.input_spec import InputSpec

if TYPE_CHECKING:
    from akshar.data.image_set import ImageSet, TrainTest


@dataclass(frozen=True)
class Broad:
    """DHCD and drawn characters for training and validation; the test images are DHCD's alone.

    Attributes:
        archive, subset, url, cache_dir: see `DHCD`.
        drawn_per_class: drawn characters of each class, in Nepali, Hindi and Marathi forms.
        glyph_seed: seed of the drawing.
        forms, jitter: of the drawn characters, see `Glyphs`.
    """

    archive: str | None = None
    subset: Literal["all", "digits", "letters"] = "all"
    url: str = URL
    cache_dir: str | None = None
    drawn_per_class: Annotated[int, Field(ge=10)] = 600
    glyph_seed: Annotated[int, Field(ge=0)] = 1
    forms: Forms = "all"
    jitter: Jitter = JITTER

    card: ClassVar[DatasetCard] = BROAD_CARD
    input_spec: ClassVar[InputSpec] = INPUT_SPEC

    def class_sizes(self) -> list[int]:
        """Return the number of training images of each class, scanned and drawn."""
        return [size + self.drawn_per_class for size in DHCD(subset=self.subset).class_sizes()]

    def load(self) -> "TrainTest":
        """Load both sets; see `DHCD.load`."""
        from akshar.data.image_set import TrainTest  # imports torch

        dhcd = DHCD(self.archive, self.subset, self.cache_dir, self.url).load()
        drawn = (self.drawn_per_class, 1, self.glyph_seed, self.cache_dir, self.forms, self.jitter)
        glyphs = Glyphs(self.subset, *drawn).load()
        assert dhcd.train is not None
        assert glyphs.train is not None
        return TrainTest(self.card, self.input_spec, _concatenate(dhcd.train, glyphs.train), dhcd.test)


def _concatenate(first: "ImageSet", second: "ImageSet") -> "ImageSet":
    """Join two sets; the second is renumbered after the first, so that no block of a split spans both."""
    import torch

    from akshar.data.image_set import ImageSet

    numbers = second.numbers + int(first.numbers.max()) + 1
    second = second.of_classes(first.classes)
    return ImageSet(
        torch.cat([first.pixels, second.pixels]),
        torch.cat([first.labels, second.labels]),
        torch.cat([first.numbers, numbers]),
        first.classes,
    )
