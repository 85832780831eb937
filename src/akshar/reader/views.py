"""A second look at pictures that a network is not sure of: the mean of its answers to shifted copies."""

from collections.abc import Callable

import numpy as np

from akshar.pictures.input_spec import InputSpec

SURE = 0.9  # a confidence above which one look is enough
SHIFTS = ((1, 0), (-1, 0), (0, 1), (0, -1))  # down and to the right, pixels


def looks_twice(spec: InputSpec) -> bool:
    """Whether a network's pictures are framed so that a shift by a pixel shows the same character."""
    return spec.framing == "ink" and spec.border > 0


def second_look(probabilities: Callable[[np.ndarray], np.ndarray], pixels: np.ndarray) -> np.ndarray:
    """Classify images; where the network is not sure, take the mean over the image and four shifted copies.

    Framing by ink is exact to a pixel at best, so a shift by one shows the same character. Averaging over crops at
    test time is as old as AlexNet (Krizhevsky, Sutskever and Hinton, NeurIPS 2012).

    Args:
        probabilities: the network, see `Predictor`.
        pixels: uint8 (N, height, width) or (N, 3, height, width), with a border of paper.

    Returns:
        float32 (N, K); rows sum to 1.
    """
    rows = probabilities(pixels)
    unsure = rows.max(1) < SURE
    if unsure.any():
        looks = np.concatenate([np.roll(pixels[unsure], shift, (-2, -1)) for shift in SHIFTS])
        again = probabilities(looks).reshape(len(SHIFTS), -1, rows.shape[1])
        rows[unsure] = np.mean([rows[unsure], *again], 0)
    return rows
