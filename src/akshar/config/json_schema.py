"""JSON Schemas of the config files, from which editors complete, explain and check keys: a file for each group.

An experiment is checked by the choices of its own defaults list, as far as it makes any.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from akshar.config.conf_dir import conf_dir
from akshar.config.groups import COMBINATIONS, NAMED, PARTS, SINGLE
from akshar.config.json_keys import DEFAULTS
from akshar.config.json_parts import HAS_TARGET, common_definitions, group_schema
from akshar.config.json_types import UNKNOWN, Schema, key_schema, model_schemas
from akshar.config.schema import CheckpointConfig, Part, Section, TestConfig, TrainConfig
from akshar.config.targets import import_problems
from akshar.config.yaml_files import ConfigFile, read_file, read_group, target_of, targets

DRAFT = "http://json-schema.org/draft-07/schema#"
HYDRA_PARTS = ("hydra/launcher", "hydra/sweeper")
HYDRA: Schema = {
    "description": "Settings of Hydra itself",
    "properties": {"mode": {"enum": ["RUN", "MULTIRUN", None]}},
}


def json_schemas(own: Path | None = None) -> tuple[dict[str, str], list[str]]:
    """Write the schema of every group, and of `train.yaml` and `test.yaml`, as JSON.

    Args:
        own: further folder of configs, beside the shipped ones.

    Returns:
        Name of the schema's file -> text, and a line for each target that cannot be imported.

    Raises:
        UsageError: a config file cannot be read.
    """
    places = [conf_dir(), *([own] if own and own.resolve() != conf_dir().resolve() else [])]
    files = {group: read_group([place / group for place in places]) for group in (*PARTS, *HYDRA_PARTS)}
    schemas = {group: group_schema(group, files[group]) for group in files}
    schemas["hydra/job_logging"] = {"type": "object"}
    named = ((group, target) for group in files for target in targets([file.values for file in files[group]]))
    problems = import_problems((group, Part.model_validate({"_target_": target})) for group, target in named)
    schemas["train"] = _root_schema(TrainConfig, "train.yaml", files, PARTS)
    schemas["test"] = _root_schema(TestConfig, "test.yaml", files, ("data",))
    schemas |= {group: {"allOf": [{"$ref": "train.json"}]} for group in COMBINATIONS}
    texts = {
        f"{name}.json": json.dumps({"$schema": DRAFT, "title": name, **schema}, indent=1, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }
    return texts, [*dict.fromkeys(problems)]


def _root_schema(
    section: type[Section], name: str, files: Mapping[str, Sequence[ConfigFile]], groups: Sequence[str]
) -> Schema:
    """Return the schema of a whole config, of which a file may give any part."""
    shipped = read_file(conf_dir() / name)
    fields = {key: value for key, value in model_schemas(section).items() if key not in PARTS}
    properties = {
        key: key_schema(
            {"default": shipped.values[key], **field} if key in shipped.values else field, shipped.comments.get(key)
        )
        for key, field in fields.items()
    }
    if section is TrainConfig:
        fields = model_schemas(CheckpointConfig)
        inner = {key: key_schema(field, shipped.comments.get(key)) for key, field in fields.items()}
        properties["checkpoint"] = {"type": "object", "properties": inner, "additionalProperties": False}
    single = [group for group in groups if group in SINGLE]
    sections = {group: {"$ref": f"{group}.json#/definitions/section"} for group in NAMED if group in groups}
    named = {group: _unless_unknown(section) for group, section in sections.items()}
    return {
        "type": "object",
        "properties": {
            "defaults": DEFAULTS,
            **properties,
            **{group: {} for group in single},
            **named,
            "hydra": HYDRA,
        },
        "additionalProperties": False,
        "allOf": [_by_choice(group, files[group]) for group in single],
        "definitions": common_definitions([]),
    }


def _by_choice(group: str, files: Sequence[ConfigFile]) -> Schema:
    """Check a group's section by the choice that the defaults list makes, or else by the keys of all choices."""
    part = {"$ref": f"{group}.json#/definitions/part"}
    choices = []
    for file in files:
        target = target_of(file, files)
        if target and target != "???":
            by_target = {"if": HAS_TARGET, "then": part, "else": {"$ref": f"{group}.json#/definitions/{target}"}}
            choices.append(
                {
                    "if": _selects(group, {"const": file.name}),
                    "then": {"properties": {group: _unless_unknown(by_target)}},
                }
            )
    return {
        "if": _selects(group, {"type": "string"}),
        "then": {"allOf": choices},
        "else": {"properties": {group: _unless_unknown(part)}},
    }


def _selects(group: str, choice: Schema) -> Schema:
    entries = [{"properties": {key: choice}, "required": [key]} for key in (f"override /{group}", group)]
    contains = {"type": "object", "anyOf": entries}
    return {"properties": {"defaults": {"contains": contains}}, "required": ["defaults"]}


def _unless_unknown(schema: Schema) -> Schema:
    return {"if": UNKNOWN, "else": schema}
