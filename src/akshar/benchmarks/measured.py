"""Figures measured side by side: contenders take turns, so that a busy moment of the machine affects them all."""

import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

OnProgress = Callable[[str], None]


def no_progress(_: str) -> None:
    """Show nothing; the default `OnProgress`."""


@dataclass(frozen=True)
class Measured:
    """One figure, measured several times.

    Attributes:
        name: what was measured.
        unit: unit of the values.
        values: one value per round.
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

    @property
    def rounds(self) -> int:
        """Number of rounds that were measured."""
        return len(self.values)

    def times(self, other: "Measured") -> float:
        """The ratio to another figure: the median of the ratios within each round."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.values, other.values, strict=True))

    def as_json(self) -> dict[str, Any]:
        """The figure as plain values."""
        low, high = self.spread
        return {"unit": self.unit, "median": self.median, "low": low, "high": high, "rounds": self.rounds}


def measure(
    contenders: Mapping[str, Callable[[], float]],
    unit: str,
    rounds: int,
    on_progress: OnProgress = no_progress,
    budget_s: float = math.inf,
) -> dict[str, Measured]:
    """Run every contender once in each round; the first round is a warm-up and does not count.

    Args:
        contenders: by name; each call returns one value.
        unit: unit of the values.
        rounds: number of rounds that count.
        on_progress: called with a contender's name before its turn.
        budget_s: no round starts that would end after this many seconds, judged by the round before it. At least
            one round is measured: where the warm-up alone uses up the budget, its values are the result.

    Returns:
        The figures, by the contender's name.
    """
    done: list[dict[str, float]] = []
    start = time.perf_counter()
    while len(done) <= rounds:
        round_start = time.perf_counter()
        values = {}
        for name, contender in contenders.items():
            on_progress(name)
            values[name] = contender()
        done.append(values)
        now = time.perf_counter()
        if now - start + (now - round_start) > budget_s:
            break
    counted = done[1:] if len(done) > 1 else done
    return {name: Measured(name, unit, tuple(values[name] for values in counted)) for name in contenders}


def rate(work: Callable[[], int], seconds: float) -> float:
    """Units of work per second.

    Args:
        work: does some work and returns how many units it was; called until `seconds` have passed, at least once.
        seconds: the shortest time to measure.
    """
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds or not done:
        done += work()
    return done / spent
