"""Test error against number of parameters, for a sweep's networks and for published ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullFormatter

from akshar.data.card import PublishedResult
from akshar.plots.save import save_figure
from akshar.plots.style import INK, STYLE, TRAIN, VAL

MOST_NAMED = 25  # points of the front; of more, every second or third is named


@dataclass(frozen=True)
class Network:
    """Size and accuracy of one network of the sweep.

    Attributes:
        parameters: number of parameters.
        accuracy: on the test set, [0, 1].
        sd: standard deviation of the accuracy over runs; None for a single run.
    """

    parameters: int
    accuracy: float
    sd: float | None = None


def draw_size(networks: Sequence[Network], published: Sequence[PublishedResult], path: Path) -> None:
    """Write a PNG: error against parameters on logarithmic axes, with the Pareto front as a line.

    Args:
        networks: of the sweep, at least one.
        published: results from the literature, drawn in another colour.
        path: of the PNG.
    """
    front = pareto_front(networks)
    with rc_context(STYLE):
        figure = Figure(figsize=(7.5, 4.8), layout="constrained")
        axes = figure.subplots()
        axes.plot(
            [network.parameters for network in front],
            [error(network.accuracy) for network in front],
            color=TRAIN,
            linewidth=1.2,
            zorder=1,
            label="best of its size",
        )
        _points(axes, networks, TRAIN, "o", "this sweep")
        if published:
            _points(axes, published, VAL, "s", "published")
        for network in front[:: 1 + len(front) // MOST_NAMED]:  # above and left of a rising line
            _annotate(axes, network, f"{100 * network.accuracy:.2f} %", (-4, 5))
        for result in published:
            _annotate(axes, result, result.name, (0, 9))
        axes.set(xscale="log", yscale="log", xlabel="parameters", ylabel="test accuracy")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 - value:g} %"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.invert_yaxis()
        axes.margins(0.14, 0.12)
        axes.legend(loc="lower right")
        save_figure(figure, path)


def pareto_front(networks: Sequence[Network]) -> list[Network]:
    """Networks that none with as few parameters surpasses in accuracy, by ascending size."""
    front: list[Network] = []
    for network in sorted(networks, key=lambda network: (network.parameters, -network.accuracy)):
        if not front or network.accuracy > front[-1].accuracy:
            front.append(network)
    return front


def error(accuracy: float) -> float:
    """Error rate in per cent, at least 0.01, since 0 has no place on a logarithmic axis."""
    return max(100 * (1 - accuracy), 0.01)


def _points(axes: Axes, results: Sequence[Network | PublishedResult], colour: str, marker: str, label: str) -> None:
    axes.errorbar(
        [result.parameters for result in results],
        [error(result.accuracy) for result in results],
        yerr=[100 * (result.sd or 0.0) for result in results],
        fmt=marker,
        color=colour,
        capsize=3,
        linewidth=1.2,
        label=label,
    )


def _annotate(axes: Axes, result: Network | PublishedResult, text: str, offset: tuple[int, int]) -> None:
    """Write a text beside a point, `offset` points away from it."""
    axes.annotate(
        text,
        (result.parameters, error(result.accuracy)),
        xytext=offset,
        textcoords="offset points",
        ha="right",
        fontsize=9,
        color=INK,
    )
