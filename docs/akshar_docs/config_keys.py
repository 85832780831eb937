"""The keys of a config group: from its files in `conf/`, their comments, and the signatures of their targets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

from akshar.config.conf_dir import conf_dir
from akshar.config.groups import NAMED, is_base
from akshar.config.json_keys import Keys
from akshar.config.reserved import RESERVED
from akshar.config.schema import PASSED
from akshar.config.targets import imported_signature
from akshar.config.yaml_files import ConfigFile, read_group, target_of
from akshar_docs.markdown_text import code

REQUIRED = "none, it must be given"


@dataclass(frozen=True)
class Key:
    """A key of one choice.

    Attributes:
        path: dotted, as on the command line.
        choice: of the group, which has the key.
        meaning: from the comment above it, or the target's docstring.
        schema: JSON Schema of its value.
        default: as Markdown.
        is_listed: whether a file in `conf/` has the key, or only the target's signature.
    """

    path: str
    choice: str
    meaning: str
    schema: Mapping[str, Any]
    default: str
    is_listed: bool


@dataclass(frozen=True)
class Choice:
    """A choice of a group: its name, the comment at the top of its file, its target, and its keys."""

    name: str
    heading: str
    target: str | None
    keys: tuple[Key, ...]


def read_choices(group: str) -> list[Choice]:
    """Read the choices of a group of parts, as "data" or "hydra/launcher"."""
    files = read_group([conf_dir() / group])
    return [_choice(group, file, files) for file in files if not is_base(file.name)]


def _choice(group: str, file: ConfigFile, files: Sequence[ConfigFile]) -> Choice:
    chain = [*_chain(file, files)]
    values: dict[str, Any] = {}
    comments: Mapping[str, str] = {}
    for one in chain:
        values, comments = _merged(values, one.values), {**comments, **one.comments}
    values.pop("defaults", None)
    prefix = group.replace("/", ".")
    heading = heading_of(file)
    if group not in NAMED:
        target = target_of(file, files)
        keys = tuple(_keys(group, prefix, file.name, target, files, values, comments))
        return Choice(file.name, heading, target, keys)
    keys = tuple(
        key
        for name, part in values.items()
        for key in _keys(group, f"{prefix}.{name}", file.name, part["_target_"], files, part, comments)
    )
    target = next((part["_target_"] for part in values.values()), None)
    return Choice(file.name, heading, target, keys)


def _keys(
    group: str,
    prefix: str,
    choice: str,
    target: str | None,
    files: Sequence[ConfigFile],
    values: Mapping[str, Any],
    comments: Mapping[str, str],
) -> Iterator[Key]:
    """List the keys in the files, then the other arguments of the target."""
    found = Keys(group, target, files, is_own=True) if target not in (None, "???") else None
    known = found.values if found else {}
    listed = [(path, value) for path, value in leaves(values) if path not in ("_target_", "_recursive_")]
    for path, value in listed:
        schema = _inner(known, path.split("."))
        name = path.rpartition(".")[2]
        meaning = comments.get(name) or schema.get("description", "")
        yield Key(f"{prefix}.{path}", choice, meaning, schema, value_text(value), is_listed=True)
    tops = {path.partition(".")[0] for path, _ in listed} | {"_target_"}
    if found is None:
        return
    defaults = _defaults(found.target)
    for name, schema in known.items():
        if name not in tops:
            meaning = found.comments.get(name) or schema.get("description", "")
            if name in RESERVED.get(group, {}):
                meaning = f"Other values are refused: {meaning}"
            default = "set by akshar" if name in PASSED.get(group, ()) else defaults.get(name, REQUIRED)
            yield Key(f"{prefix}.{name}", choice, meaning, schema, default, is_listed=False)


def value_text(value: object) -> str:
    """Write a default of a config file as Markdown."""
    return REQUIRED if value == "???" else code(value)


def _defaults(target: str) -> dict[str, str]:
    """Write the defaults of a target's arguments as Markdown; none where it is not installed."""
    try:
        signature = imported_signature(target)
    except (ImportError, AttributeError):
        return {}
    parameters = signature.parameters.values() if signature else ()
    return {one.name: code(one.default) for one in parameters if one.default is not Parameter.empty}


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """List the dotted keys below a mapping with their values; a part inside a part is one value."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value and "_target_" not in value:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _inner(schemas: Mapping[str, Any], path: Sequence[str]) -> Mapping[str, Any]:
    """Find the schema of a nested key; of one below a mapping that may have any keys, an empty one."""
    schema = schemas.get(path[0], {})
    for name in path[1:]:
        whole = schema.get("else", schema)  # see `key_schema`
        schema = whole.get("properties", {}).get(name, {})
    return schema.get("else", schema)


def _chain(file: ConfigFile, files: Sequence[ConfigFile]) -> Iterator[ConfigFile]:
    """List the files that a file's defaults list names, then the file."""
    for name in file.values.get("defaults") or []:
        if isinstance(name, str) and name != "_self_":
            yield from _chain(next(other for other in files if other.name == name), files)
    yield file


def _merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: _merged(low[key], high[key]) for key in low if isinstance(high.get(key), Mapping)}
    return {**low, **high, **both}


def heading_of(file: ConfigFile) -> str:
    """Return the comment at the top of a file."""
    lines = file.path.read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        if not line.startswith("#"):
            break
        if not line.startswith(("# @", "# yaml-language-server:")):
            found.append(line.removeprefix("#").strip())
    return " ".join(found)
