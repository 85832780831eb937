"""Overview of a search: best value by trial, importance of each key, and parallel coordinates."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator

from akshar.plots.save import save_figure
from akshar.plots.style import GRID, INK, STYLE, TRAIN, VAL, WRONG

FAR = 5  # times the width of the middle half of the values
FEW = 3  # tick labels per numeric axis of the parallel coordinates


@dataclass(frozen=True)
class TrialPoint:
    """Result of one trial.

    Attributes:
        number: from 0.
        value: of the objective; None if the trial was pruned or failed.
        params: key -> value, a number or a choice, for the keys of the search space.
    """

    number: int
    value: float | None
    params: Mapping[str, float | str]


def draw_study(
    trials: Sequence[TrialPoint],
    importance: Mapping[str, float],
    path: Path,
    *,
    objective: str,
    minimised: bool,
    logarithmic: Sequence[str] = (),
) -> None:
    """Write a PNG: history, importance, and below them the parallel coordinates, one line per trial.

    Args:
        trials: in order of their numbers; at least one has a value.
        importance: key -> importance; they sum to 1; may be empty.
        path: of the PNG.
        objective: name of the objective, for the axes.
        minimised: whether a lower value is better.
        logarithmic: keys searched on a logarithmic scale.
    """
    keys = list(trials[0].params)
    with rc_context(STYLE):
        figure = Figure(figsize=(max(8.0, 1.9 * len(keys) + 3), 7.5), layout="constrained")
        grid = figure.add_gridspec(2, 2, height_ratios=(1, 1.1))
        history = figure.add_subplot(grid[0, 0])
        _history(history, trials, objective, minimised)
        _importance(figure.add_subplot(grid[0, 1]), importance or dict.fromkeys(keys, 0.0))
        _parallel(figure.add_subplot(grid[1, :]), trials, keys, objective, minimised, logarithmic)
        # Outside the axes: among the points, the legend's own would look like one of them
        figure.legend(*history.get_legend_handles_labels(), loc="outside upper left", ncols=4, fontsize=9)
        save_figure(figure, path)


def usual_range(values: Sequence[float], minimised: bool) -> tuple[float, float]:
    """Range of an objective's values, without those that are far worse than most, as a trial's that diverged.

    Args:
        values: at least one; those that are not finite are left out.
        minimised: whether a lower value is better.

    Returns:
        The least and the largest value that are within `FAR` times the middle half's width of it, on the side of
        the worse ones.

    >>> usual_range([0.5, 0.6, 0.7, 0.8, 400.0], minimised=True)
    (0.5, 0.8)
    """
    finite = np.array([value for value in values if math.isfinite(value)] or [0.0])
    low, high = np.percentile(finite, (25, 75))
    reach = FAR * (high - low)
    kept = finite[finite <= high + reach] if minimised else finite[finite >= low - reach]
    return float(kept.min()), float(kept.max())


def _history(axes: Axes, trials: Sequence[TrialPoint], objective: str, minimised: bool) -> None:
    done = [(trial.number, trial.value) for trial in trials if trial.value is not None]
    numbers, values = [number for number, _ in done], [value for _, value in done]
    low, high = usual_range(values, minimised)
    best = list(accumulate(values, min if minimised else max))
    near = [(number, value) for number, value in done if low <= value <= high]
    axes.plot([number for number, _ in near], [value for _, value in near], "o", color=TRAIN, label="trial")
    axes.step(numbers, np.clip(best, low, high), where="post", color=VAL, label="best so far")
    far = [number for number, value in done if not low <= value <= high]
    ended = [trial.number for trial in trials if trial.value is None]
    rim = axes.get_xaxis_transform()
    if far:
        height, marker = (0.98, "^") if minimised else (0.02, "v")
        label = f"far worse, beyond the scale ({len(far)})"
        axes.plot(far, [height] * len(far), marker, ms=7, color=WRONG, label=label, transform=rim)
    if ended:
        height = 0.02 if minimised else 0.98
        label = f"ended early ({len(ended)})"
        axes.plot(ended, [height] * len(ended), "x", color=INK, label=label, transform=rim)
    if minimised and low > 0 and high > 10 * low:
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("trial")
    axes.set_ylabel(objective)
    axes.margins(y=0.08)


def _importance(axes: Axes, importance: Mapping[str, float]) -> None:
    ordered = sorted(importance.items(), key=lambda pair: pair[1])
    axes.barh([key for key, _ in ordered], [share for _, share in ordered], color=TRAIN)
    axes.set_xlim(0, 1)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("importance for the best trials (PED-ANOVA)")


def _parallel(
    axes: Axes,
    trials: Sequence[TrialPoint],
    keys: Sequence[str],
    objective: str,
    minimised: bool,
    logarithmic: Sequence[str],
) -> None:
    done = [trial for trial in trials if trial.value is not None]
    values = [trial.value for trial in done if trial.value is not None]
    heights = np.array([_scaled(axes, at, key, done, key in logarithmic) for at, key in enumerate(keys)])
    scale = Normalize(*usual_range(values, minimised), clip=True)
    colour = ScalarMappable(scale, "viridis_r" if minimised else "viridis")
    order = np.argsort(values)[::-1] if minimised else np.argsort(values)  # the best trials are drawn last, on top
    for rank, index in enumerate(order):
        axes.plot(
            range(len(keys)),
            heights[:, index],
            color=colour.to_rgba(values[index]),
            linewidth=3.5 if rank == len(order) - 1 else 1.3,
            marker="o",
            markersize=4,
        )
    axes.set_xlim(-0.3, len(keys) - 0.4)
    axes.set_ylim(-0.06, 1.06)
    axes.set_xticks(range(len(keys)), keys)
    axes.yaxis.set_major_locator(NullLocator())
    axes.yaxis.set_major_formatter(NullFormatter())
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    axes.figure.colorbar(colour, ax=axes, label=f"{objective} (the thick line is the best)", pad=0.01)


def _scaled(axes: Axes, at: int, key: str, trials: Sequence[TrialPoint], log: bool) -> list[float]:
    """Scale the values of one key to [0, 1] and draw their axis."""
    values = [trial.params[key] for trial in trials]
    axes.axvline(at, color=GRID, linewidth=1, zorder=0)
    if any(isinstance(value, str) for value in values):
        choices = list(dict.fromkeys(map(str, values)))
        places = {choice: (index + 0.5) / len(choices) for index, choice in enumerate(choices)}
        heights = [places[str(value)] for value in values]
        ticks = [(place, choice) for choice, place in places.items()]
    else:
        numbers = np.array(values, dtype=float)
        numbers = np.log(numbers) if log else numbers
        low, high = numbers.min(), max(numbers.max(), numbers.min() + 1e-12)
        heights = list((numbers - low) / (high - low))
        steps = [index / (FEW - 1) for index in range(FEW)]
        at_steps = [low + step * (high - low) for step in steps]
        at_steps = np.exp(at_steps) if log else at_steps
        ticks = [(step, f"{value:.3g}") for step, value in zip(steps, at_steps, strict=True)]
    for place, text in ticks:
        axes.text(at + 0.03, place, text, va="center", fontsize=9, color=INK, zorder=5, bbox=_BOX)
    return heights


_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1}
