"""What a reader needs of a model, however it is computed."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Predictor(Protocol):
    """A trained network behind one call."""

    @property
    def classes(self) -> Sequence[str]:
        """Class names in the order of the columns of `probabilities`."""
        ...

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Reads images, however many.

        Args:
            pixels: uint8 [0, 255] (N, 32, 32), white on black.

        Returns:
            float32 (N, K), calibrated; rows sum to 1.
        """
        ...
