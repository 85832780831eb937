"""The metric by which epochs are compared; its direction follows from its name."""

import math


def sort_key(value: float, monitor: str) -> float:
    """Smaller is better: losses as they are, accuracies negated; not-a-number is worst."""
    return math.inf if math.isnan(value) else (-value if direction(monitor) == "max" else value)


def direction(monitor: str) -> str:
    """ "min" for a loss, "max" for an accuracy."""
    return "max" if monitor.startswith("accuracy") else "min"
