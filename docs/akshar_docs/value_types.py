"""Types of values in words, from their JSON Schemas."""

from collections.abc import Mapping
from typing import Any

from akshar_docs.markdown_text import code

ANY = "any value"
NAMES = {
    "string": "text",
    "boolean": "`true` or `false`",
    "null": "`null`",
    "object": "mapping",
    "integer": "integer",
    "number": "number",
}
BOUNDS = (
    ("minimum", "from {}"),
    ("exclusiveMinimum", "above {}"),
    ("maximum", "to {}"),
    ("exclusiveMaximum", "below {}"),
)
INCLUSIVE = {"exclusiveMinimum": ("minimum", 1), "exclusiveMaximum": ("maximum", -1)}


def type_text(schema: Mapping[str, Any]) -> str:
    """Say which values a schema allows.

    >>> type_text({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "auto"}, {"type": "null"}]})
    'integer from 1, `auto`, or `null`'
    >>> type_text({"type": "array", "items": {"type": "number", "minimum": 0, "exclusiveMaximum": 1}})
    'list (number from 0 below 1)'
    >>> type_text({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 4096})
    'integer from 1 to 4,095'
    >>> type_text({})
    'any value'
    """
    found = [*dict.fromkeys(_kinds(schema))]
    if ANY in found:
        return ANY
    return " or ".join(found) if len(found) < 3 else f"{', '.join(found[:-1])}, or {found[-1]}"


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return [kind for inner in schema[word] for kind in _kinds(inner)]
    if "enum" in schema:
        return [code(value) for value in schema["enum"]]
    if "const" in schema:
        return [code(schema["const"])]
    name = schema.get("type")
    if name == "array":
        return [_array(schema)]
    if name not in NAMES:
        return [ANY]
    limits = _inclusive(schema) if name == "integer" else schema
    bounds = [text.format(_number(limits[word])) for word, text in BOUNDS if word in limits]
    return [" ".join([NAMES[name], *bounds])]


def _inclusive(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the exclusive limits of an integer."""
    changed = {new: schema[old] + step for old, (new, step) in INCLUSIVE.items() if old in schema}
    return {word: value for word, value in schema.items() if word not in INCLUSIVE} | changed


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:g}"


def _array(schema: Mapping[str, Any]) -> str:
    items = schema.get("items", {})
    if isinstance(items, list):  # a tuple
        kinds = [type_text(item) for item in items]
        return f"list of {len(kinds)} ({kinds[0] if len({*kinds}) == 1 else ', '.join(kinds)})"
    inner = type_text(items)
    return "list" if inner == ANY else f"list ({inner})"
