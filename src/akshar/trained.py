"""Deprecated: `load_trained` is `akshar.runs.load_checkpoint.load_checkpoint` now."""

import warnings
from collections.abc import Sequence

from akshar.runs.load_checkpoint import TrainedNetwork, load_checkpoint

Trained = TrainedNetwork


def load_trained(model: str, trust: Sequence[str] = ()) -> TrainedNetwork:
    """Call `load_checkpoint`, with a warning."""
    warnings.warn(
        "akshar.trained.load_trained is deprecated; use akshar.runs.load_checkpoint.load_checkpoint",
        DeprecationWarning,
        stacklevel=2,
    )
    return load_checkpoint(model, trust)
