"""What only one of two networks gets, as images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from akshar.devanagari.letters import letter_of
from akshar.plots.style import WRONG
from akshar.plots.tiles import Tile, draw_sheet

SHOWN = 36  # tiles a part: three rows


@dataclass(frozen=True)
class Reader:
    """One network's answers on N images.

    Attributes:
        name: for the headings.
        predicted: int64 (N,).
        right: bool (N,).
    """

    name: str
    predicted: np.ndarray
    right: np.ndarray


def draw_pairs(
    pixels: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    first: Reader,
    others: Sequence[Reader],
    seed: int = 0,
) -> Image.Image | None:
    """A sheet of the images that only one of two gets, captioned by the other's answer and the truth.

    Of more than `SHOWN` in a part a random choice is shown, so that no kind of image is favoured.

    Args:
        pixels: uint8 (N, 32, 32).
        labels: int64 (N,), the truth.
        classes: names in label order.
        first: the network that the others are compared with.
        others: one or more, each compared with the first.
        seed: of the choice.

    Returns:
        The sheet, or None where all get the same images.
    """
    draw = np.random.default_rng(seed)
    parts = []
    for other in others:
        for winner, loser in ((first, other), (other, first)):
            found = np.flatnonzero(winner.right & ~loser.right)
            chosen = np.sort(draw.choice(found, min(SHOWN, len(found)), replace=False))
            tiles = []
            for index in chosen.tolist():
                answer, truth = classes[int(loser.predicted[index])], classes[int(labels[index])]
                tiles.append(Tile(pixels[index], f"{letter_of(answer)} ({letter_of(truth)})", WRONG))
            count = f"{len(found):,}" if len(found) == len(chosen) else f"{len(chosen)} of {len(found):,}"
            parts.append(
                (f"Only {winner.name}, gets these ({count}); {loser.name}, reads them as: answer (truth)", tiles)
            )
    return draw_sheet(parts) if any(tiles for _, tiles in parts) else None
