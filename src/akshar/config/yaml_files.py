"""What the YAML files of a config group say: choices, targets, and the comment above each key."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from akshar.errors import UsageError
from akshar.files import printable

KEY = re.compile(r"^( *)(\w+):(?: |$)")
HEADER = ("# yaml-language-server:", "# @")  # lines for programs, not for readers


@dataclass(frozen=True)
class ConfigFile:
    """A YAML file of a group, with the values and comments that it contains."""

    path: Path
    values: Mapping[str, Any]
    comments: Mapping[str, str]

    @property
    def name(self) -> str:
        """Its name as a choice of the group."""
        return self.path.stem


def read_group(folders: Iterable[Path]) -> list[ConfigFile]:
    """Read the YAML files of a group.

    Args:
        folders: of the group, one for each place with configs.

    Raises:
        UsageError: a file cannot be read.
    """
    return [read_file(path) for folder in folders for path in sorted(folder.glob("*.yaml"))]


def read_file(path: Path) -> ConfigFile:
    """Read a YAML file."""
    try:
        text = path.read_text(encoding="utf-8")
        values = yaml.safe_load(text) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{printable(path)}: cannot be read ({' '.join(str(error).split())})") from error
    if not isinstance(values, Mapping):
        raise UsageError(f"{printable(path)}: holds no mapping of keys to values")
    return ConfigFile(path, values, comments(text.splitlines()))


def comments(lines: Sequence[str]) -> dict[str, str]:
    """Collect the comment above each key; that of `_target_` is the heading of its file.

    >>> comments(["# Networks.", "_target_: my.Net", "# Width", "width: 3", "", "# Both", "low: 1", "high: 2"])
    {'_target_': 'Networks.', 'width': 'Width', 'low': 'Both', 'high': 'Both'}
    """
    found: dict[str, str] = {}
    comment: list[str] = []
    is_used, indent = False, ""
    for line in lines:
        text = line.strip()
        if text.startswith("#"):
            if not text.startswith(HEADER):
                comment = [*([] if is_used else comment), text.removeprefix("#").strip()]
                is_used = False
        elif match := KEY.match(line):
            if is_used and match[1] != indent:
                comment = []
            if comment:
                found.setdefault(match[2], " ".join(comment))
            is_used, indent = True, match[1]
            comment = [] if match[2] == "_target_" else comment
        else:
            comment = []
    return found


def targets(node: Any) -> Iterator[str]:
    """Find the targets that values name, at any depth."""
    if isinstance(node, Mapping):
        if isinstance(target := node.get("_target_"), str) and target != "???":
            yield target
        node = [*node.values()]
    for value in node if isinstance(node, list) else []:
        yield from targets(value)


def target_of(file: ConfigFile, group: Sequence[ConfigFile]) -> str | None:
    """Return the target of a file's part, which may stand in a file that its defaults list names."""
    if target := file.values.get("_target_"):
        return str(target)
    named = [name for name in file.values.get("defaults") or [] if isinstance(name, str) and name != "_self_"]
    parents = [other for name in named for other in group if other.name == name and other is not file]
    return next((found for parent in reversed(parents) if (found := target_of(parent, group))), None)
