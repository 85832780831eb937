"""DHCD, and beside it in training the same characters as other countries and fonts write them."""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from pydantic import Field

from akshar.data.image_set import ImageSet, TrainTest
from akshar.devanagari.dhcd import DHCD, URL
from akshar.devanagari.glyphs import Glyphs


@dataclass(frozen=True)
class Broad:
    """Tested on DHCD's test images alone; validation takes its share of both.

    Attributes:
        archive, subset, url, cache_dir: see `DHCD`.
        drawn_per_class: drawn characters of each class, in Nepali, Hindi and Marathi forms.
        glyph_seed: of the drawing.
    """

    archive: str | None = None
    subset: Literal["all", "digits", "letters"] = "all"
    url: str = URL
    cache_dir: str | None = None
    drawn_per_class: Annotated[int, Field(ge=10)] = 600
    glyph_seed: Annotated[int, Field(ge=0)] = 1

    def load(self) -> TrainTest:
        """Reads both, or the caches of them; see `DHCD.load`."""
        written = DHCD(self.archive, self.subset, self.cache_dir, self.url).load()
        drawn = Glyphs(self.subset, self.drawn_per_class, 1, self.glyph_seed, self.cache_dir, "all").load()
        assert written.train is not None
        assert drawn.train is not None
        return TrainTest("broad", _together(written.train, drawn.train), written.test)


def _together(first: ImageSet, second: ImageSet) -> ImageSet:
    """Both sets; numbers of the second begin after those of the first, so that no hand is in both."""
    numbers = second.numbers + int(first.numbers.max()) + 1
    second = second.of_classes(first.classes)
    return ImageSet(
        torch.cat([first.pixels, second.pixels]),
        torch.cat([first.labels, second.labels]),
        torch.cat([first.numbers, numbers]),
        first.classes,
    )
