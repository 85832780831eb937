"""What is measured side by side: contenders take turns, so that a machine's moods fall on all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Told = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """One figure, measured several times.

    Attributes:
        name: of what was measured.
        unit: of the values.
        values: one a round.
    """

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return min(self.values), max(self.values)

    def times(self, other: "Measured") -> float:
        """How many times the other it is: the median of the ratios within each round."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.values, other.values, strict=True))

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        low, high = self.spread
        return {"unit": self.unit, "median": self.median, "low": low, "high": high, "rounds": len(self.values)}


def measure(
    contenders: Mapping[str, Callable[[], float]], unit: str, rounds: int, tell: Told = lambda _: None
) -> dict[str, Measured]:
    """Lets each contender have its turn in each round.

    Args:
        contenders: by name; each returns one value.
        unit: of the values.
        rounds: those that count; one before them warms up.
        tell: called with the name of each contender before its turn.

    Returns:
        What each measured, by its name.
    """
    values: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, contender in contenders.items():
            tell(name)
            value = contender()
            if number:
                values[name].append(value)
    return {name: Measured(name, unit, tuple(measured)) for name, measured in values.items()}


def rate(work: Callable[[], int], seconds: float) -> float:
    """Units of work a second: `work` does some and says how much, again and again for at least so long."""
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds or not done:
        done += work()
    return done / spent
