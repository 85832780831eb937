"""Colours and sizes that all figures share; colours tell apart under every common colour blindness."""

from typing import Any

import matplotlib

matplotlib.use("Agg")  # files only: no window, no display needed

PAPER = "#ffffff"
INK = "#1f2328"
TRAIN = "#0072b2"  # Okabe and Ito's blue
VAL = "#d55e00"  # and vermilion
RIGHT = "#117733"
WRONG = "#cc3311"
GRID = "#d0d7de"

STYLE: dict[Any, Any] = {
    "figure.facecolor": PAPER,
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "lines.linewidth": 2,
    "legend.frameon": False,
}
