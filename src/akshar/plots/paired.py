"""Sheet of the images that only one of two networks predicts correctly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from akshar.data.card import DatasetCard
from akshar.plots.style import WRONG
from akshar.plots.tiles import Tile, draw_sheet

SHOWN = 36  # tiles per part: three rows


@dataclass(frozen=True)
class Answers:
    """Predictions of one network on N images.

    Attributes:
        name: of the network, for headings.
        predicted: int64 (N,), predicted classes.
        right: bool (N,), whether each prediction is correct.
    """

    name: str
    predicted: np.ndarray
    right: np.ndarray


def draw_pairs(
    pictures: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    card: DatasetCard,
    first: Answers,
    others: Sequence[Answers],
    seed: int = 0,
) -> Image.Image | None:
    """Draw the images that only one of two networks predicts correctly.

    Captions are the wrong answer and below it, in brackets, the truth. A part shows at most `SHOWN` images, chosen
    at random.

    Args:
        pictures: uint8 (N, H, W), or (N, H, W, 3) in colour.
        labels: int64 (N,), true classes.
        classes: names in label order.
        card: of the data set.
        first: the network that the others are compared with.
        others: one or more networks, each compared with the first.
        seed: of the random choice.

    Returns:
        The sheet, or None where all networks predict the same images correctly.
    """
    draw = np.random.default_rng(seed)
    parts = []
    for other in others:
        for winner, loser in ((first, other), (other, first)):
            found = np.flatnonzero(winner.right & ~loser.right)
            chosen = np.sort(draw.choice(found, min(SHOWN, len(found)), replace=False))
            tiles = []
            for index in chosen.tolist():
                answer, truth = (classes[int(label[index])] for label in (loser.predicted, labels))
                caption = f"{card.label_with_latin(answer)}\n({card.label_with_latin(truth)})"
                tiles.append(Tile(pictures[index], caption, WRONG))
            count = f"{len(found):,}" if len(found) == len(chosen) else f"{len(chosen)} of {len(found):,}"
            parts.append((f"Correct only by {winner.name} ({count}); {loser.name} answers, and (the truth)", tiles))
    return draw_sheet(parts, card.font) if any(tiles for _, tiles in parts) else None
