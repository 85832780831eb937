"""`Predictor`: what a reader needs of a trained network, whichever library computes it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from akshar.data.card import DatasetCard
from akshar.pictures.input_spec import InputSpec


class Predictor(Protocol):
    """A trained network: an `OnnxModel`, or a `TrainedNetwork` of torch."""

    @property
    def classes(self) -> Sequence[str]:
        """Class names in the order of the columns of `probabilities`."""
        ...

    @property
    def input_spec(self) -> InputSpec:
        """How pictures become the network's input."""
        ...

    @property
    def card(self) -> DatasetCard:
        """The data set that the network was trained on, with the labels of its classes."""
        ...

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Classify any number of images.

        Args:
            pixels: uint8 [0, 255] (N, height, width) for one channel, (N, 3, height, width) for three, prepared as
                `input_spec` says.

        Returns:
            float32 (N, K), calibrated; rows sum to 1.
        """
        ...
