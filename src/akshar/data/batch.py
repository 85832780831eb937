"""`Batch`: what the data gives to a model."""

from typing import NamedTuple

from torch import Tensor


class Batch(NamedTuple):
    """One batch of images with their labels.

    Attributes:
        images: uint8 [0, 255] (B, C, H, W) until they are on the device, then float32, normalised.
        labels: int64 (B,).
        seed: of everything random in this batch, so that it can be reproduced separately.
    """

    images: Tensor
    labels: Tensor
    seed: int
