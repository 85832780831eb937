"""What parameters buy: the test error of a sweep's networks against their size, and what others have published."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullFormatter

from akshar.plots.style import INK, STYLE, TRAIN, VAL


@dataclass(frozen=True)
class Network:
    """A point.

    Attributes:
        parameters: of the network.
        accuracy: on the test set, in [0, 1].
        sd: of that over runs; None of a single one.
        name: written beside it; empty for none.
    """

    parameters: int
    accuracy: float
    sd: float | None = None
    name: str = ""


# On the official test set of DHCD's 46 classes.
PUBLISHED = (
    Network(9_800_000, 0.9959, 0.0002, "HCR-Net, ImageNet weights"),
    Network(17_300_000, 0.9971, None, "MallaNet, one run"),
)


def draw_size(networks: Sequence[Network], published: Sequence[Network], path: Path) -> None:
    """Writes a PNG: error against parameters, both on logarithmic axes, and the line of the best of each size.

    Args:
        networks: of the sweep.
        published: of others, drawn apart.
        path: of the PNG.
    """
    front = pareto_front(networks)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
        axes.plot(
            [point.parameters for point in front],
            [error(point.accuracy) for point in front],
            color=TRAIN,
            linewidth=1.2,
            zorder=1,
            label="best of its size",
        )
        for points, colour, marker, label in (
            (networks, TRAIN, "o", "this sweep"),
            (published, VAL, "s", "published"),
        ):
            if not points:
                continue
            axes.errorbar(
                [point.parameters for point in points],
                [error(point.accuracy) for point in points],
                yerr=[100 * (point.sd or 0.0) for point in points],
                fmt=marker,
                color=colour,
                capsize=3,
                linewidth=1.2,
                label=label,
            )
        for point in [*front, *published]:
            axes.annotate(
                point.name or f"{100 * point.accuracy:.2f} %",
                (point.parameters, error(point.accuracy)),
                xytext=(0, 9) if point.name else (-4, 5),  # above and left of a rising line
                textcoords="offset points",
                ha="right",
                fontsize=9,
                color=INK,
            )
        axes.set(xscale="log", yscale="log", xlabel="parameters", ylabel="test accuracy")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 - value:g} %"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.invert_yaxis()
        axes.margins(0.14, 0.12)
        axes.legend(loc="lower right")
        figure.savefig(path)
        plt.close(figure)


def pareto_front(networks: Sequence[Network]) -> list[Network]:
    """Those that no other beats with as few parameters, from the smallest on."""
    front: list[Network] = []
    for network in sorted(networks, key=lambda point: (point.parameters, -point.accuracy)):
        if not front or network.accuracy > front[-1].accuracy:
            front.append(network)
    return front


def error(accuracy: float) -> float:
    """Per cent of wrong answers; a hundredth of a per cent where there is none, for the axis."""
    return max(100 * (1 - accuracy), 0.01)
