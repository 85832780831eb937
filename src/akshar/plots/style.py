"""Colours and sizes shared by all figures; the colours are safe for colour-blind readers.

Figures are made without pyplot, whose backend and open figures belong to the script or notebook that calls akshar.
"""

from typing import Any

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
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "lines.linewidth": 2,
    "legend.frameon": False,
}
