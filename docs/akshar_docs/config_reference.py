"""Reference of the config: every key that `akshar train` and `akshar test` know, by group."""

from collections.abc import Sequence

from akshar.config.conf_dir import conf_dir
from akshar.config.groups import COMBINATIONS, NAMED, PARTS
from akshar.config.json_schema import HYDRA_PARTS
from akshar.config.json_types import model_schemas
from akshar.config.schema import CheckpointConfig, TestConfig, TrainConfig
from akshar.config.yaml_files import ConfigFile, read_file, read_group
from akshar_docs.config_keys import Choice, Key, heading_of, leaves, read_choices, value_text
from akshar_docs.markdown_text import sentence
from akshar_docs.value_types import ANY, type_text

OF_HYDRA = "A setting of Hydra itself: https://hydra.cc/docs/configure_hydra/intro"


def config_reference() -> str:
    """Return the sections of the page."""
    parts = [_root("train"), *(_group(group) for group in (*PARTS, *HYDRA_PARTS))]
    return "\n\n".join([*parts, *(_combinations(group) for group in COMBINATIONS), _root("test")])


def root_keys(name: str) -> list[Key]:
    """List the keys of `train.yaml` or `test.yaml` itself."""
    file = read_file(conf_dir() / f"{name}.yaml")
    section = TrainConfig if name == "train" else TestConfig
    schemas = model_schemas(section)
    schemas |= {f"checkpoint.{key}": schema for key, schema in model_schemas(CheckpointConfig).items()}
    return [
        Key(path, name, _comment(file, path), schemas.get(path, {}), value_text(value), is_listed=True)
        for path, value in leaves({key: value for key, value in file.values.items() if key != "defaults"})
    ]


def _comment(file: ConfigFile, path: str) -> str:
    section, _, name = path.rpartition(".")
    if section.startswith("hydra"):
        return OF_HYDRA
    text, outer = file.comments.get(name, ""), file.comments.get(section, "")
    return f"{outer} {text}" if text[:1].islower() and outer.endswith(":") else text


def _root(name: str) -> str:
    keys = root_keys(name)
    has_index = name == "train"  # the keys of `akshar test` with the same names have no second entry
    entries = [_entry([key], {name}, has_index or key.path in ("part", "trust")) for key in keys]
    title = "Keys of the whole run" if name == "train" else "akshar test"
    intro = f"`conf/{name}.yaml`: {sentence(heading_of(read_file(conf_dir() / f'{name}.yaml')))}"
    return "\n\n".join([f"## {title}", intro, *entries])


def _group(group: str) -> str:
    choices = read_choices(group)
    # In a group of several parts, a key's own path names its choice.
    names = {choice.name for choice in choices if choice.keys and group not in NAMED}
    listed, further = _by_path(choices, True), _by_path(choices, False)
    lines = [f"## {group}", _choices(group, choices)]
    lines += [_entry([*keys, *further.get(path, [])], names) for path, keys in listed.items()]
    if others := {path: keys for path, keys in further.items() if path not in listed}:
        lines += ["### Further arguments", "The targets take these too, and no file sets them."]
        lines += [_entry(keys, names) for keys in others.values()]
    return "\n\n".join(lines)


def _choices(group: str, choices: Sequence[Choice]) -> str:
    several = f"; several at once: `{group}=[a,b]`" if group in NAMED else ""
    intro = f"Files in `conf/{group}/`, selected with `{group}=CHOICE`{several}."
    entries = [
        f"`{group}={choice.name}`\n: {sentence(choice.heading)}"
        + (f" Target: `{choice.target}`" if choice.target not in (None, "???") else "")
        for choice in choices
    ]
    return "\n\n".join([intro, *entries])


def _by_path(choices: Sequence[Choice], is_listed: bool) -> dict[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    for choice in choices:
        for key in choice.keys:
            if key.is_listed == is_listed:
                found.setdefault(key.path, []).append(key)
    return found


def _entry(keys: Sequence[Key], choices: set[str], has_index: bool = True) -> str:
    """Describe one key, once for each meaning that it has in the choices."""
    meanings: dict[tuple[str, str], list[Key]] = {}
    for key in keys:
        meanings.setdefault((key.meaning, type_text(key.schema)), []).append(key)
    lines = [f"````{{confval}} {keys[0].path}", ":no-contents-entry:"]
    lines += [] if has_index else [":no-index:"]
    if len(meanings) == 1:
        ((meaning, kind),) = meanings
        lines += [f":type: {kind}"] if kind != ANY else []
        lines += [f":default: {_defaults(keys)}", "", sentence(meaning)]
        if choices - {key.choice for key in keys}:
            lines += ["", f"With {_names(keys)}."]
    else:
        lines += [""]
        for (meaning, kind), some in meanings.items():
            lines.append(f"- With {_names(some)} ({kind}, default {_defaults(some)}): {sentence(meaning)}")
    return "\n".join([*lines, "````"])


def _defaults(keys: Sequence[Key]) -> str:
    found: dict[str, list[Key]] = {}
    for key in keys:
        found.setdefault(key.default, []).append(key)
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{text} ({_names(some)})" for text, some in found.items())


def _names(keys: Sequence[Key]) -> str:
    return ", ".join(f"`{key.choice}`" for key in keys)


def _combinations(group: str) -> str:
    lines = [
        f"## {group}",
        f"Files in `conf/{group}/`, selected with `{group}=CHOICE`; each combines other choices and keys.",
    ]
    for file in read_group([conf_dir() / group]):
        text = file.path.read_text(encoding="utf-8")
        body = [line for line in text.splitlines() if not line.startswith(("# @", "# yaml-language-server:"))]
        lines += [f"### {group}={file.name}", f"```yaml\n{chr(10).join(body).strip()}\n```"]
    return "\n\n".join(lines)
