"""The picture of the rooms: every room and every import of the code, each line downwards."""

import xml.etree.ElementTree as ET
from itertools import pairwise

from test_rooms import ENTRIES, IMPORTS, LEVELS, ORDER, room_of

from akshar_docs.rooms import BASE, read_imports, read_layers
from akshar_docs.rooms_picture import draw, rooms_picture

LOWEST = {*ORDER[0].split()}
SVG = ET.fromstring(rooms_picture())


def drawn_room(room: str) -> str:
    return BASE if room in LOWEST else room


def test_the_table_of_the_page_has_the_rooms_in_the_checked_order():
    layers = read_layers()
    levels = [[LEVELS[room] for room in layer] for layer in layers]
    assert sorted(room for layer in layers for room in layer) == sorted(LEVELS.keys() - LOWEST)
    assert all(min(above) > max(below) for above, below in pairwise(levels))


def test_every_room_and_every_import_is_drawn():
    rooms = {group.get("data-room") for group in SVG.iter("g")}
    edges = {(dot.get("data-from"), dot.get("data-to")) for dot in SVG.iter("circle")}
    assert rooms == {drawn_room(room) for room in LEVELS}
    assert edges == {
        (drawn_room(room_of(name)), drawn_room(room_of(imported)))
        for name, found in IMPORTS.items()
        for imported, _ in found
        if name not in ENTRIES
        and imported not in ENTRIES
        and drawn_room(room_of(name)) != drawn_room(room_of(imported))
    }


def test_lines_go_down():
    starts = {group.get("data-room"): float(group.find("rect").get("y")) for group in SVG.iter("g")}
    assert [dot.attrib for dot in SVG.iter("circle") if float(dot.get("cy")) < starts[dot.get("data-from")]] == []


def test_a_small_picture():
    picture = draw([["top", "other"], ["low"]], {"other": {"top": 1, "low": 3}, "top": {"low": 1}})
    svg = ET.fromstring(picture)
    assert [text.text for text in svg.iter("text")] == ["other", "top", "low", BASE]
    first = next(iter(svg.iter("title"))).text
    assert first == "other imports top (1), low (3)"
    small, large = (float(dot.get("r")) for dot in list(svg.iter("circle"))[:2])
    assert small < large
    assert "\n\n" not in picture


def test_imports_are_counted():
    imports = read_imports({"commands", "cli"})
    assert imports["cli"]["commands"] == 2
    assert BASE not in imports[BASE]
