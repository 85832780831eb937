"""Draws the rooms of akshar and their imports as SVG.

There is a lane for each room, in the order of the page, and a line from each room down, with a dot in the lane of
every room that it imports. `site.css` has the colours, so that the picture follows the page's light or dark theme.
"""

from collections.abc import Mapping, Sequence
from html import escape
from math import log2

from akshar_docs.rooms import BASE, read_imports, read_layers

LANE, STEP = 26, 17  # height of a lane and distance of two lines, pixels; the whole is readable on a phone
LABELS, MARGIN = 118, 12


def rooms_picture() -> str:
    """Return the picture as HTML, without blank lines, at which Markdown would end it."""
    layers = read_layers()
    imports = read_imports({room for layer in layers for room in layer})
    return draw(layers, imports)


def draw(layers: Sequence[Sequence[str]], imports: Mapping[str, Mapping[str, int]]) -> str:
    """Draw rooms and imports.

    Args:
        layers: rows of rooms, from top to bottom, without `BASE`.
        imports: room -> room that it imports -> number of imports.
    """
    rows = [*(_importers_first(layer, imports) for layer in layers), [BASE]]
    lanes = [room for row in rows for room in row]
    middle = {room: lane * LANE + LANE // 2 for lane, room in enumerate(lanes)}
    width, height = LABELS + len(lanes) * STEP + MARGIN, len(lanes) * LANE
    parts = [
        '<figure class="rooms">',
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{_words(rows)}">',
    ]
    top = 0
    for row in rows:
        parts.append(f'<rect class="layer" y="{top}" width="{width}" height="{len(row) * LANE}"/>')
        top += len(row) * LANE
    columns = {room: LABELS + column * STEP for column, room in enumerate(lanes)}
    parts += [f'<path class="lead" d="M{LABELS - MARGIN} {middle[room]}H{x}"/>' for room, x in columns.items()]
    for room, x in columns.items():
        parts += _room(room, x, middle, imports.get(room, {}))
    return "\n".join([*parts, "</svg>", "</figure>"])


def _room(room: str, x: int, middle: Mapping[str, int], imported: Mapping[str, int]) -> list[str]:
    """Draw one room: its name, and its line with the dots."""
    y = middle[room]
    end = max((middle[other] for other in imported), default=y)
    listed = ", ".join(f"{other} ({imported[other]})" for other in middle if other in imported)
    dots = [
        f'<circle class="import" data-from="{escape(room)}" data-to="{escape(other)}" cx="{x}" cy="{middle[other]}"'
        f' r="{2 + log2(count + 1) / 2:.1f}"/>'
        for other, count in imported.items()
    ]
    return [
        f'<g class="room" data-room="{escape(room)}">',
        f"<title>{escape(f'{room} imports {listed}' if listed else f'{room} imports no other room')}</title>",
        f'<text x="{MARGIN // 2}" y="{y + 5}">{escape(room)}</text>',
        f'<path class="line" d="M{x} {y}V{end}"/>',
        f'<rect class="start" x="{x - 4}" y="{y - 4}" width="8" height="8"/>',
        *dots,
        "</g>",
    ]


def _importers_first(row: Sequence[str], imports: Mapping[str, Mapping[str, int]]) -> list[str]:
    return sorted(row, key=lambda room: -len({*row} & imports.get(room, {}).keys()))


def _words(rows: Sequence[Sequence[str]]) -> str:
    return escape(
        "Rooms from top to bottom, of which each imports only lower ones: " + "; ".join(map(", ".join, rows))
    )
