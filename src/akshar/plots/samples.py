"""What a person should see before believing a figure: the images trained on, and a batch of predictions."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from akshar.data.image_set import ImageSet
from akshar.devanagari.letters import letter_of
from akshar.plots.style import RIGHT, WRONG
from akshar.plots.tiles import Tile, draw_sheet

SAMPLES = 48
ERRORS = 24


def draw_batch(images: Tensor, labels: Tensor, classes: tuple[str, ...]) -> Image.Image:
    """A sheet of the first images of a batch as the net gets them.

    Args:
        images: float32 [-1, 1] (B, 1, 32, 32).
        labels: int64 (B,).
        classes: names in label order.
    """
    pixels = ((images[:SAMPLES, 0] * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    tiles = [
        Tile(picture, letter_of(classes[label]))
        for picture, label in zip(pixels, labels[:SAMPLES].tolist(), strict=True)
    ]
    return draw_sheet([("Training images as the net sees them, augmented", tiles)])


def draw_predictions(images: ImageSet, logits: Tensor, seed: int = 0) -> Image.Image:
    """A sheet of predictions, `predicted (true)`, right ones in green and wrong ones in red.

    A random batch first, then errors.

    Args:
        images: the N test images.
        logits: float32 (N, K), in their order.
        seed: of the choice.
    """
    predicted = logits.argmax(1)
    right = predicted == images.labels
    draw = np.random.default_rng(seed)
    batch = draw.choice(len(images), min(SAMPLES, len(images)), replace=False)
    wrong = torch.nonzero(~right).flatten().numpy()
    errors = np.sort(draw.choice(wrong, min(ERRORS, len(wrong)), replace=False))

    def tile(index: int) -> Tile:
        letters = [letter_of(images.classes[int(label[index])]) for label in (predicted, images.labels)]
        caption = f"{letters[0]} ({letters[1]})"
        return Tile(images.pixels[index, 0].numpy(), caption, RIGHT if right[index] else WRONG)

    return draw_sheet(
        [
            (
                f"A random batch of the {len(images):,} test images: predicted (true)",
                [tile(i) for i in batch],
            ),
            (f"Errors: {len(errors)} of {len(wrong)}", [tile(i) for i in errors]),
        ]
    )
