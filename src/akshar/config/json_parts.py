"""JSON Schema of a group's files: parts, each checked by its `_target_`.

A part without a target, as in an experiment, may have the keys of all targets of its group. A target that no file
of the group names may have any keys.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from akshar.config.groups import NAMED
from akshar.config.json_types import LATE, Schema, argument_schemas, key_schema, model_schemas, takes_anything
from akshar.config.lightning_targets import is_data_module, is_lightning_module
from akshar.config.reserved import RESERVED
from akshar.config.schema import (
    HYDRA_KEYS,
    DataConfig,
    LossConfig,
    OptimizerConfig,
    Part,
    SchedulerConfig,
    TrainerConfig,
)
from akshar.config.targets import CALLED_LATER, PLACEHOLDERS, imported_signature
from akshar.config.yaml_files import ConfigFile, targets

SECTIONS: Mapping[str, type[Part]] = {
    "data": DataConfig,
    "loss": LossConfig,
    "optimizer": OptimizerConfig,
    "scheduler": SchedulerConfig,
    "trainer": TrainerConfig,
}
DEFAULTS = {"$ref": "#/definitions/defaults"}
HAS_TARGET: Schema = {"required": ["_target_"]}


def group_schema(group: str, files: Sequence[ConfigFile]) -> Schema:
    """Return the schema of the files of a group.

    Args:
        group: as in `conf/`.
        files: of the group.
    """
    nodes = [node for file in files for node in (file.values.values() if group in NAMED else [file.values])]
    own = _unique(node["_target_"] for node in nodes if isinstance(node, Mapping) and node.get("_target_"))
    own = [target for target in own if target != "???"]
    every = _unique([*own, *targets([file.values for file in files])])
    parts = {target: _Keys(group, target, files, is_own=target in own) for target in every}
    definitions: Schema = {
        **common_definitions([file.name for file in files], _words(group)),
        "nested": _by_target(every),
        "keys": _union([parts[target] for target in own], group, files),
        "part": {
            "if": {"properties": {"_target_": {"enum": own}}, **HAS_TARGET},
            "then": _by_target(own),
            "else": {
                "if": {"properties": {"_target_": {"type": "string"}}, **HAS_TARGET},
                "then": {"properties": _typed(group, files) if group != "data" else {}},
                "else": {"$ref": "#/definitions/keys"},
            },
        },
        **{target: keys.schema() for target, keys in parts.items()},
    }
    without_defaults = {"not": {"required": ["defaults"]}}
    if group in NAMED:
        definitions["section"] = _named_section(files)
        needs_target = {"additionalProperties": {"if": {"type": "object"}, "then": HAS_TARGET}}
        whole = {"allOf": [{"$ref": "#/definitions/section"}], "if": without_defaults, "then": needs_target}
    else:
        whole = {"type": "object", "allOf": [{"$ref": "#/definitions/part"}]}
        if not any(file.name.startswith("base") for file in files):
            whole |= {"if": without_defaults, "then": HAS_TARGET}
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


class _Keys:
    """The keys that a target takes, with their schemas."""

    def __init__(self, group: str, target: str, files: Sequence[ConfigFile], is_own: bool):
        try:
            signature = imported_signature(target)
        except (Exception, SystemExit):  # whatever the imported module raises
            signature = None
        is_foreign = is_data_module(target) if group == "data" else is_lightning_module(target)
        section = SECTIONS.get(group, Part) if is_own and not is_foreign else Part
        self.typed = model_schemas(section)
        self.arguments = argument_schemas(signature) if signature else {}
        if is_own and group in CALLED_LATER:  # the first argument is passed by position
            self.arguments = dict([*self.arguments.items()][1:])
        reserved = RESERVED.get(group, {}) if is_own and not is_foreign else {}
        for name in reserved.keys() & self.arguments.keys():
            accepted = [*reserved[name].accepted]
            self.arguments[name] = {"enum": accepted, "description": reserved[name].reason}
            if not accepted:
                del self.arguments[name]
        names = [*self.arguments, *sorted(section.framework_keys)]
        self.typed = {name: self.typed[name] for name in names if name in self.typed}
        self.values = {**self.arguments, **self.typed}
        self.is_open = signature is None or takes_anything(signature)
        self.comments = _comments(files) | _comments([file for file in files if target in targets(file.values)])
        self.group, self.target = group, target

    def schema(self) -> Schema:
        """Return the schema of a part with this target."""
        properties = {
            name: key_schema(
                value, self.comments.get(name), LATE if name in self.typed else _late_argument(self.group)
            )
            for name, value in self.values.items()
        }
        return {
            "type": "object",
            "properties": {"_target_": _target_key([self.target]), **_always(self.group), **properties},
            "additionalProperties": self.is_open,
        }


def _union(parts: Sequence[_Keys], group: str, files: Sequence[ConfigFile]) -> Schema:
    found: dict[str, list[Schema]] = {}
    for part in parts:
        for name, value in part.values.items():
            bare = {word: inner for word, inner in value.items() if word not in ("default", "description")}
            if bare not in found.setdefault(name, []):
                found[name].append(bare)
    comments, typed = _comments(files), {name for part in parts for name in part.typed}
    properties = {
        name: key_schema(
            values[0] if len(values) == 1 else {"anyOf": values},
            comments.get(name),
            LATE if name in typed else _late_argument(group),
        )
        for name, values in found.items()
    }
    target = _target_key([part.target for part in parts])
    return {
        "type": "object",
        "properties": {"_target_": target, **_always(group), **properties},
        "additionalProperties": any(part.is_open for part in parts),
    }


def _typed(group: str, files: Sequence[ConfigFile]) -> Schema:
    """Return the keys that mean the same with every target of a group."""
    comments = _comments(files)
    fields = model_schemas(SECTIONS.get(group, Part))
    return {name: key_schema(field, comments.get(name)) for name, field in fields.items() if name != "_target_"}


def _named_section(files: Sequence[ConfigFile]) -> Schema:
    """Return the schema of several parts, each under a name; one of a shipped name has its target."""
    names = {
        name: part["_target_"]
        for file in files
        for name, part in file.values.items()
        if isinstance(part, Mapping) and "_target_" in part
    }
    part: Schema = {"$ref": "#/definitions/part"}
    known = {
        name: {"if": HAS_TARGET, "then": part, "else": {"$ref": f"#/definitions/{target}"}}
        for name, target in names.items()
    }
    unknown = {"if": HAS_TARGET, "then": part}
    optional = {
        name: {"if": {"$ref": "#/definitions/unknown"}, "else": {"type": ["object", "null"], **inner}}
        for name, inner in {**known, "": unknown}.items()
    }
    other = optional.pop("")
    return {"type": "object", "properties": {"defaults": DEFAULTS, **optional}, "additionalProperties": other}


def _by_target(names: Sequence[str]) -> Schema:
    """Check a part by its target, if it is one of these."""
    if not names:
        return {}
    return {
        "allOf": [
            {
                "if": {"type": "object", "properties": {"_target_": {"const": name}}, **HAS_TARGET},
                "then": {"$ref": f"#/definitions/{name}"},
            }
            for name in names
        ]
    }


def _target_key(names: Sequence[str]) -> Schema:
    return {"description": "Class or function that builds this part (module and name)", "examples": [*names]}


def _always(group: str) -> Schema:
    keys = {"_partial_"} if group in CALLED_LATER else HYDRA_KEYS if group.startswith("hydra") else frozenset()
    return {"defaults": DEFAULTS, **{key: {} for key in sorted(keys - {"_target_"})}}


def _words(group: str) -> list[str]:
    return [word for name, word in sorted(PLACEHOLDERS) if name == group]


def _late_argument(group: str) -> Schema:
    return {"$ref": "#/definitions/late_or_word"} if _words(group) else LATE


def _comments(files: Sequence[ConfigFile]) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in files:
        found = {**file.comments, **found}
    return found


def _unique(names: Iterable[Any]) -> list[str]:
    return [*dict.fromkeys(str(name) for name in names)]
