"""What epochs are compared by, a metric or their number; its direction follows from its name."""

import math


def sort_key(value: float, monitor: str) -> float:
    """Smaller is better: losses as they are, others negated; not-a-number is worst."""
    return math.inf if math.isnan(value) else (-value if direction(monitor) == "max" else value)


def direction(monitor: str) -> str:
    """ "min" for a loss, "max" for an accuracy and for the epoch, of which the last is kept."""
    return "min" if monitor.startswith("loss") else "max"
