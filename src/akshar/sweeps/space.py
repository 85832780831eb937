"""The search space: values of a command line in Hydra's grammar, as Optuna's distributions."""

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from akshar.errors import UsageError


def split_overrides(overrides: Sequence[str]) -> tuple[list[str], dict[str, BaseDistribution]]:
    """Separate overrides with one value from the search space; of a key given twice the last counts.

    Returns:
        The overrides with one value, and a distribution for each key with several.

    Raises:
        UsageError: lists every key whose values are empty or reversed; or no key has several values.
    """
    parsed = {o.get_key_element(): o for o in OverridesParser.create().parse_overrides(list(overrides))}
    fixed, space, problems = [], {}, []
    for key, override in parsed.items():
        if not override.is_sweep_override():
            fixed.append(override.input_line or "")
            continue
        try:
            space[key] = distribution(override)
        except ValueError as error:
            problems.append(f"{override.input_line}: {error}")
    if problems:
        raise UsageError(*problems)
    if not space:
        raise UsageError(
            "nothing to search: give a key several values, e.g. optimizer.lr=tag(log, interval(1e-4, 1e-1))"
        )
    return fixed, space


def distribution(override: Override) -> BaseDistribution:
    """Convert an override with several values.

    Raises:
        ValueError: there are no values, or the range is reversed.
    """
    value: Any = override.value()
    if isinstance(value, IntervalSweep):
        low, high, log = value.start, value.end, "log" in (value.tags or ())
        if low is None or high is None or not low < high:
            raise ValueError(f"the start of an interval must be below its end, not {low} to {high}")
        if log and low <= 0:
            raise ValueError(f"a logarithmic interval must start above 0, not at {low}")
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log)
        return FloatDistribution(low, high, log=log)
    if isinstance(value, RangeSweep) and not (value.shuffle or value.tags):
        start, stop, step = value.start or 0, value.stop, value.step
        if stop is None or not start < stop or step <= 0:
            raise ValueError(f"a range must ascend, not go from {start} to {stop} by {step}")
        if all(isinstance(number, int) for number in (start, stop, step)):
            return IntDistribution(int(start), int(stop) - 1, step=int(step))
    choices = list(override.sweep_string_iterator())
    if not choices:
        raise ValueError("has no values")
    return CategoricalDistribution(choices)
