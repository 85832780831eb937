"""JSON Schemas of single values: from the typed config, and from the signatures of targets.

A schema is never stricter than `akshar train`: what JSON cannot express, as an object of a class, may be anything.
"""

import math
import types
from collections.abc import Mapping
from inspect import Parameter, Signature
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from akshar.config.docstrings import argument_texts

Schema = dict[str, Any]

# Definitions that every file has
UNKNOWN = {"$ref": "#/definitions/unknown"}  # an interpolation, or `???`
LATE = {"$ref": "#/definitions/late"}  # also a part
NESTED = {"$ref": "#/definitions/nested"}  # what a part may be, as a value
SCALARS = (bool, int, float, str, type(None))


class _Types(GenerateJsonSchema):
    """Pydantic's schemas, with anything in place of what JSON cannot express."""

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> Schema:
        return {}

    def enum_schema(self, schema: Any) -> Schema:
        return {}  # a member may be given in other ways than by its value

    def model_schema(self, schema: Any) -> Schema:
        return _without_required(super().model_schema(schema))

    def dataclass_schema(self, schema: Any) -> Schema:
        fields = _without_required(super().dataclass_schema(schema)) | {"additionalProperties": False}
        texts = argument_texts(schema["cls"])
        described: Any = fields.pop("properties")
        fields["properties"] = {
            name: {**field, "description": texts.get(name, "")} for name, field in described.items()
        }
        fields.pop("description", None)
        return {"type": "object", "if": {"required": ["_target_"]}, "else": fields}


def _without_required(schema: Schema) -> Schema:
    return {word: value for word, value in schema.items() if word != "required"}  # may stand in another file


def value_schema(annotation: Any) -> Schema:
    """Return the schema of a type; `{}` for one that pydantic does not know."""
    if annotation is Parameter.empty:
        return {}
    try:
        in_list: Any = types.GenericAlias(list, annotation)  # which takes the setting; a dataclass would not
        adapter = TypeAdapter(in_list, config=ConfigDict(arbitrary_types_allowed=True))
        found = adapter.json_schema(schema_generator=_Types)
    except Exception:  # of pydantic, or of what the type itself brings along
        return {}
    return _plain(found.get("items", {}), found.get("$defs", {}))


def model_schemas(model: type[BaseModel]) -> dict[str, Schema]:
    """Return the schema of each field of a section, by the field's name in the config."""
    found = model.model_json_schema(schema_generator=_Types)
    return {name: _plain(field, found.get("$defs", {})) for name, field in found["properties"].items()}


def argument_schemas(signature: Signature, texts: Mapping[str, str]) -> dict[str, Schema]:
    """Return the schema of each argument that is given by name, with its default and its text of a docstring."""
    named = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return {
        name: value_schema(parameter.annotation)
        | _default(parameter.default)
        | ({"description": texts[name]} if name in texts else {})
        for name, parameter in signature.parameters.items()
        if parameter.kind in named
    }


def takes_anything(signature: Signature) -> bool:
    """Whether a signature ends with `**kwargs`."""
    return any(parameter.kind is Parameter.VAR_KEYWORD for parameter in signature.parameters.values())


def narrowed(typed: Schema, argument: Schema) -> Schema:
    """Return the schema of a key of the typed config that is an argument of a target: with the target's default."""
    found = {word: value for word, value in typed.items() if word != "default"}
    found |= {word: argument[word] for word in ("default", "description") if word in argument}
    if "type" in argument and argument["type"] != "null" and "anyOf" in found:
        found["anyOf"] = [choice for choice in found["anyOf"] if choice != {"type": "null"}]
    return found


def key_schema(schema: Schema, comment: str | None = None, late: Schema = LATE) -> Schema:
    """Complete the schema of a value to that of a key, whose value may also be known later, or a part.

    Args:
        schema: of the value.
        comment: shown by editors.
        late: what values that are known later look like.
    """
    outer: Schema = {"description": comment} if comment else {}
    inner = dict(schema)
    for word in ("description", "default"):
        if word in inner:
            outer.setdefault(word, inner.pop(word))
    if choices := _choices(inner):
        outer["examples"] = choices  # editors complete these, but not what is below `else`
    if not inner:
        return {**outer, "allOf": [NESTED]}
    return {**outer, "if": late, "then": NESTED, "else": inner}


def _default(value: Any) -> Schema:
    value = list(value) if isinstance(value, tuple) else value
    values = value if isinstance(value, list) else [value]
    known = all(type(item) in SCALARS and (not isinstance(item, float) or math.isfinite(item)) for item in values)
    return {"default": value} if known else {}


def _choices(schema: Mapping[str, Any]) -> list[Any]:
    """List the values that a schema names, those of a bool included."""
    found = [*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])]
    found += [True, False] if schema.get("type") == "boolean" else []
    for inner in schema.get("anyOf", []):
        found += _choices(inner)
    return found + ([None] if found and {"type": "null"} in schema.get("anyOf", []) else [])


def _plain(schema: Any, definitions: Mapping[str, Any], inside: tuple[str, ...] = ()) -> Any:
    """Write definitions in their places, without pydantic's titles, and tuples as draft 7 has them."""
    if isinstance(schema, list):
        return [_plain(item, definitions, inside) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if (place := schema.get("$ref", "")).startswith("#/$defs/"):
        name = place.removeprefix("#/$defs/")
        return {} if name in inside else _plain(definitions[name], definitions, (*inside, name))
    plain: dict[str, Any] = {}
    for word, value in schema.items():
        if word == "properties":
            plain[word] = {key: key_schema(_plain(inner, definitions, inside)) for key, inner in value.items()}
        elif word == "prefixItems":
            plain |= {"items": [_plain(item, definitions, inside) for item in value]}
        elif word not in ("title", "discriminator", "format"):
            plain[word] = _plain(value, definitions, inside)
    return plain
