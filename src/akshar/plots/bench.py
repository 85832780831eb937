"""The chart of `akshar bench`: one panel per section."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import matplotlib.figure
from matplotlib import rc_context
from matplotlib.axes import Axes

from akshar.plots.save import save_figure
from akshar.plots.style import INK, STYLE, TRAIN


class Figure(Protocol):
    """A figure that was measured several times."""

    @property
    def unit(self) -> str:
        """Unit of the values."""
        ...

    @property
    def median(self) -> float:
        """Median over the rounds."""
        ...

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest round."""
        ...


class Panel(Protocol):
    """A section of the chart."""

    @property
    def title(self) -> str:
        """One line."""
        ...

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Figures by name."""
        ...


def draw_bench(sections: Sequence[Panel], title: str, path: Path) -> None:
    """Write a PNG: one bar per figure, up to the median, with a line from the smallest to the largest round.

    Args:
        sections: drawn one below the other; those without figures are left out.
        title: describes the machine.
        path: path of the PNG.
    """
    sections = [section for section in sections if section.figures]
    heights = [0.7 + 0.4 * len(section.figures) for section in sections]
    with rc_context(STYLE):
        figure = matplotlib.figure.Figure(figsize=(9, sum(heights)), layout="constrained")
        charts = figure.subplots(
            len(sections),
            1,
            squeeze=False,
            gridspec_kw={"height_ratios": [len(section.figures) for section in sections]},
        )
        figure.suptitle(title, fontsize=11)
        for axes, section in zip(charts[:, 0], sections, strict=True):
            _panel(axes, section)
        save_figure(figure, path)


def readable(value: float) -> str:
    """Format a number with four digits, or with thousands: 0.08595, 25.58, 323,090."""
    return f"{value:.4g}" if value < 1000 else f"{value:,.0f}"


def _panel(axes: Axes, section: Panel) -> None:
    """Draw bars; each unit has a scale of its own, and labels give the values."""
    names = [*section.figures]
    for place, measured in enumerate(section.figures.values()):
        largest = max(other.spread[1] for other in section.figures.values() if other.unit == measured.unit)
        low, high = measured.spread
        axes.barh(place, measured.median / largest, height=0.6, color=TRAIN)
        axes.plot([low / largest, high / largest], [place, place], color=INK, linewidth=1.5)
        axes.text(
            high / largest + 0.01, place, f"{readable(measured.median)} {measured.unit}", va="center", fontsize=10
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1.25)
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_title(section.title.replace("`", ""), loc="left", fontsize=11, fontweight="bold")
