"""JSON Schema of a group's files: parts, each checked by its `_target_`.

A part without a target, as in an experiment, may have the keys of all targets of its group. A target that no file
of the group names may have any keys.
"""

from collections.abc import Mapping, Sequence

from akshar.config.groups import NAMED, is_base
from akshar.config.json_keys import DEFAULTS, Keys, placeholders, typed_keys, union
from akshar.config.json_types import UNKNOWN, Schema
from akshar.config.yaml_files import ConfigFile, targets

HAS_TARGET: Schema = {"required": ["_target_"]}
PART = {"$ref": "#/definitions/part"}


def group_schema(group: str, files: Sequence[ConfigFile]) -> Schema:
    """Return the schema of the files of a group.

    Args:
        group: as in `conf/`.
        files: of the group.
    """
    nodes = [node for file in files for node in (file.values.values() if group in NAMED else [file.values])]
    every = [*dict.fromkeys(targets([file.values for file in files]))]
    own = [
        target
        for target in every
        if any(isinstance(node, Mapping) and node.get("_target_") == target for node in nodes)
    ]
    parts = {target: Keys(group, target, files, is_own=target in own) for target in every}
    definitions = common_definitions([file.name for file in files], placeholders(group)) | {
        "nested": by_target(every),
        "keys": union(group, [parts[target] for target in own], files),
        "part": {
            "if": {"properties": {"_target_": {"enum": own}}, **HAS_TARGET},
            "then": by_target(own),
            "else": {
                "if": {"properties": {"_target_": {"type": "string"}}, **HAS_TARGET},
                "then": {"properties": typed_keys(group, files)},
                "else": {"$ref": "#/definitions/keys"},
            },
        },
        **{target: keys.schema() for target, keys in parts.items()},
    }
    # With a defaults list, the target may stand in another file.
    needs_target: Schema = {"if": {"not": {"required": ["defaults"]}}}
    if group in NAMED:
        definitions["section"] = _named_section(files)
        needs_target["then"] = {"additionalProperties": {"if": {"type": "object"}, "then": HAS_TARGET}}
        whole = {"allOf": [{"$ref": "#/definitions/section"}], **needs_target}
    else:
        needs_target["then"] = HAS_TARGET
        has_bases = any(is_base(file.name) for file in files)
        whole = {"type": "object", "allOf": [PART], **({} if has_bases else needs_target)}
    return {**whole, "definitions": definitions}


def common_definitions(choices: Sequence[str], words: Sequence[str] = ()) -> Schema:
    """Return the definitions that every file has.

    Args:
        choices: names that a defaults list may contain.
        words: in place of values that are known later.
    """
    unknown: Schema = {"type": "string", "pattern": r"\$\{|^\?\?\?$"}
    part: Schema = {"type": "object", **HAS_TARGET}
    choice: Schema = {"type": ["string", "array", "null"], "items": {"type": "string"}}
    entry: Schema = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": choice}
    return {
        "unknown": unknown,
        "late": {"anyOf": [unknown, part]},
        "late_or_word": {"anyOf": [unknown, part, *({"const": word} for word in words)]},
        "nested": {},
        "defaults": {
            "description": "Files that this one builds on (https://hydra.cc/docs/advanced/defaults_list)",
            "type": "array",
            "items": {"anyOf": [{"type": "string", "examples": [*choices, "_self_"]}, entry]},
        },
    }


def by_target(names: Sequence[str]) -> Schema:
    """Check a part by its target, if it is one of these."""
    is_target = [{"type": "object", "properties": {"_target_": {"const": name}}, **HAS_TARGET} for name in names]
    branches = [
        {"if": condition, "then": {"$ref": f"#/definitions/{name}"}}
        for name, condition in zip(names, is_target, strict=True)
    ]
    return {"allOf": branches} if branches else {}


def _named_section(files: Sequence[ConfigFile]) -> Schema:
    """Return the schema of several parts, each under a name; one of a shipped name has its target by default."""

    def part(otherwise: Schema) -> Schema:
        checked = {"type": ["object", "null"], "if": HAS_TARGET, "then": PART, "else": otherwise}
        return {"if": UNKNOWN, "else": checked}

    known = {
        name: part({"$ref": f"#/definitions/{node['_target_']}"})
        for file in files
        for name, node in file.values.items()
        if isinstance(node, Mapping) and node.get("_target_", "???") != "???"
    }
    return {"type": "object", "properties": {"defaults": DEFAULTS, **known}, "additionalProperties": part({})}
