"""The keys of a part, by its target, with the JSON Schema of each."""

from collections.abc import Mapping, Sequence

from akshar.config.docstrings import argument_texts
from akshar.config.groups import NAMED
from akshar.config.import_target import import_target
from akshar.config.json_types import (
    LATE,
    Schema,
    argument_schemas,
    key_schema,
    model_schemas,
    narrowed,
    takes_anything,
)
from akshar.config.lightning_targets import is_data_module, is_lightning_module
from akshar.config.reserved import RESERVED, Reserved
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


class Keys:
    """The keys that a target takes.

    Attributes:
        values: key -> schema of its value.
        typed: those that the typed config describes.
        comments: key -> comment above it in a config file.
        is_open: whether the target takes others too.
    """

    def __init__(self, group: str, target: str, files: Sequence[ConfigFile], is_own: bool):
        """Read a target's signature.

        Args:
            group: of the part.
            target: module and name.
            files: of the group.
            is_own: whether it is a part of the group, and not a part inside one.
        """
        try:
            signature = imported_signature(target)
        except (Exception, SystemExit):  # whatever the imported module raises
            signature = None
        is_foreign = is_data_module(target) if group == "data" else is_lightning_module(target)
        is_checked = is_own and not is_foreign  # what the keys of another one mean is its own affair
        section = SECTIONS.get(group, Part) if is_checked else Part
        arguments = argument_schemas(signature, argument_texts(import_target(target))) if signature else {}
        if is_own and group in CALLED_LATER:  # the first argument is passed by position
            arguments = dict([*arguments.items()][1:])
        arguments = _without_reserved(arguments, RESERVED.get(group, {}) if is_checked else {})
        typed = {
            name: narrowed(schema, arguments.get(name, {}))
            for name, schema in model_schemas(section).items()
            if name in (arguments.keys() | section.framework_keys)
        }
        self.group, self.target = group, target
        self.values, self.typed = {**typed, **arguments, **typed}, frozenset(typed)
        self.comments = all_comments(files) | all_comments(
            [file for file in files if target in targets(file.values)]
        )
        self.is_open = signature is None or takes_anything(signature)

    def schema(self) -> Schema:
        """Return the schema of a part with this target."""
        properties = {
            name: _key(self.group, value, self.comments.get(name), name in self.typed)
            for name, value in self.values.items()
        }
        return _part(self.group, [self.target], properties, self.is_open)


def union(group: str, parts: Sequence[Keys], files: Sequence[ConfigFile]) -> Schema:
    """Return the schema of a part whose target stands elsewhere: the keys of all targets.

    Args:
        group: of the part.
        parts: the keys of each target.
        files: of the group.
    """
    found: dict[str, list[Schema]] = {}
    texts: dict[str, str] = {}
    for part in parts:
        for name, value in part.values.items():
            texts.setdefault(name, value.get("description", ""))
            bare = {word: inner for word, inner in value.items() if word not in ("default", "description")}
            if bare not in found.setdefault(name, []):
                found[name].append(bare)
    comments, typed = texts | all_comments(files), {name for part in parts for name in part.typed}
    properties = {
        name: _key(group, values[0] if len(values) == 1 else {"anyOf": values}, comments.get(name), name in typed)
        for name, values in found.items()
    }
    return _part(group, [part.target for part in parts], properties, any(part.is_open for part in parts))


def typed_keys(group: str, files: Sequence[ConfigFile]) -> Schema:
    """Return the keys that mean the same with every target of a group; none for data: data modules have others."""
    fields = model_schemas(SECTIONS[group]) if group in SECTIONS and group != "data" else {}
    comments = all_comments(files)
    return {name: key_schema(field, comments.get(name)) for name, field in fields.items() if name != "_target_"}


def placeholders(group: str) -> list[str]:
    """List the words that stand for a value of a target's argument that is known later."""
    return [word for name, word in sorted(PLACEHOLDERS) if name == group]


def all_comments(files: Sequence[ConfigFile]) -> dict[str, str]:
    """Join the comments of files; the first one above a key counts."""
    found: dict[str, str] = {}
    for file in files:
        found = {**file.comments, **found}
    return found


def _key(group: str, value: Schema, comment: str | None, is_typed: bool) -> Schema:
    has_words = placeholders(group) and not is_typed
    return key_schema(value, comment, {"$ref": "#/definitions/late_or_word"} if has_words else LATE)


def _part(group: str, names: Sequence[str], properties: Schema, is_open: bool) -> Schema:
    target = {"description": "Class or function that builds this part (module and name)", "examples": [*names]}
    others = {"_partial_"} if group in CALLED_LATER else HYDRA_KEYS if group.startswith("hydra/") else set()
    others = {} if group in NAMED else {"defaults": DEFAULTS} | {key: {} for key in sorted(others - {"_target_"})}
    return {
        "type": "object",
        "properties": {"_target_": target, **others, **properties},
        "additionalProperties": is_open,
    }


def _without_reserved(arguments: Mapping[str, Schema], reserved: Mapping[str, Reserved]) -> dict[str, Schema]:
    """Leave out the arguments that a config must not set; of some, the values that are done anyway remain."""
    found = dict(arguments)
    for name in reserved.keys() & arguments.keys():
        accepted = reserved[name].accepted
        if accepted:
            # in JSON, 0 is 0.0, but true is not 1
            values = {(isinstance(value, bool), value): value for value in accepted}
            found[name] = {"enum": [*values.values()], "description": reserved[name].reason}
        else:
            del found[name]
    return found
