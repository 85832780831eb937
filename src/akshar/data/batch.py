"""What passes between data and models: one batch."""

from typing import NamedTuple

from torch import Tensor


class Batch(NamedTuple):
    """What the loop moves to the device.

    Attributes:
        images: uint8 [0, 255] (B, 1, 32, 32) on the way to the device, float32 [-1, 1] after it.
        labels: int64 (B,).
        seed: of everything random about this batch, so that it can be made again on its own.
    """

    images: Tensor
    labels: Tensor
    seed: int
