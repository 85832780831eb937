"""A model that `akshar export` wrote as ONNX, without torch."""

from pathlib import Path

import numpy as np


class OnnxModel:
    """An engine on ONNX Runtime; see `Engine`.

    Args:
        path: the file.
    """

    classes: tuple[str, ...]

    def __init__(self, path: Path):
        raise NotImplementedError

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Calibrated float32 (N, K) of uint8 [0, 255] (N, 32, 32)."""
        raise NotImplementedError
