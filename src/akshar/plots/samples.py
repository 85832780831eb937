"""Sheets for a first check of a run: the images it trains on, and a sample of its predictions."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from akshar.data.card import DatasetCard
from akshar.data.image_set import ImageSet, denormalise
from akshar.pictures.input_spec import InputSpec
from akshar.plots.style import RIGHT, WRONG
from akshar.plots.tiles import Tile, draw_sheet, to_picture

SAMPLES = 48
ERRORS = 24


def draw_batch(
    images: Tensor, labels: Tensor, classes: tuple[str, ...], card: DatasetCard, spec: InputSpec
) -> Image.Image:
    """Draw the first images of a batch as the network receives them.

    Args:
        images: float32, normalised, (B, C, H, W) with C of 1 or 3.
        labels: int64 (B,).
        classes: names in label order.
        card: of the data set.
        spec: by which the images were normalised.
    """
    pixels = (denormalise(images[:SAMPLES], spec).clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    tiles = [
        Tile(to_picture(image), card.label_with_latin(classes[label]))
        for image, label in zip(pixels, labels[:SAMPLES].tolist(), strict=True)
    ]
    return draw_sheet([("Training images as the network receives them, augmented", tiles)], card.font)


def draw_predictions(images: ImageSet, logits: Tensor, card: DatasetCard, seed: int = 0) -> Image.Image:
    """Draw a random sample of predictions, and then of errors, captioned `predicted` and below that `(true)`.

    Captions of correct predictions are green, those of errors red.

    Args:
        images: the N test images.
        logits: float32 (N, K), in their order.
        card: of the data set.
        seed: of the samples.
    """
    predicted = logits.argmax(1)
    correct = predicted == images.labels
    draw = np.random.default_rng(seed)
    sample = draw.choice(len(images), min(SAMPLES, len(images)), replace=False)
    wrong = torch.nonzero(~correct).flatten().numpy()
    errors = np.sort(draw.choice(wrong, min(ERRORS, len(wrong)), replace=False))

    def tile(index: int) -> Tile:
        answer, truth = (images.classes[int(label[index])] for label in (predicted, images.labels))
        colour = RIGHT if correct[index] else WRONG
        caption = f"{card.label_with_latin(answer)}\n({card.label_with_latin(truth)})"
        return Tile(to_picture(images.pixels[index].numpy()), caption, colour)

    heading = f"A random sample of the {len(images):,} test images: predicted (true)"
    parts = [
        (heading, [tile(i) for i in sample]),
        (f"Errors: {len(errors)} of {len(wrong)}", [tile(i) for i in errors]),
    ]
    return draw_sheet(parts, card.font)
