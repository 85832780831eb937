"""The rooms of `src/akshar` and what they import, read from the code; their order, from the page about them."""

import ast
import re
from collections import Counter
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
SOURCE = DOCS.parent / "src"
PACKAGE = SOURCE / "akshar"
PAGE = DOCS / "how-it-is-built.md"
TEMPLATE = PACKAGE / "project_template"  # a project of its own, which `akshar new` copies
ENTRIES = ("__init__", "__main__", "conf", "trained")  # which nothing imports
BASE = "files, errors ..."  # the modules of the last row, together

ROW = re.compile(r"^\| (`[^|]*?) \|", re.MULTILINE)


def read_layers() -> list[list[str]]:
    """Read the rows of the table "Rooms", from top to bottom, without the last one."""
    table = PAGE.read_text(encoding="utf-8").partition("\n## Rooms\n")[2].partition("\n## ")[0]
    rows = [[_room(name) for name in re.findall(r"`([\w./]+)`", cell)] for cell in ROW.findall(table)]
    return rows[:-1]


def read_imports(known: set[str]) -> dict[str, Counter[str]]:
    """Count the imports between rooms.

    Args:
        known: names of the rooms; every other module is `BASE`.

    Returns:
        Room -> room that it imports -> number of import statements, also of those in functions.
    """
    found: dict[str, Counter[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if TEMPLATE in path.parents or room in ENTRIES:
            continue
        room = room if room in known else BASE
        others = [other if other in known else BASE for other in _imported(path) if other not in ENTRIES]
        found.setdefault(room, Counter()).update(other for other in others if other != room)
    return found


def _room(name: str) -> str:
    return name.rstrip("/").removesuffix(".py")


def _imported(path: Path) -> list[str]:
    """List the rooms and top-level modules that a module imports, one for each statement and name."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "akshar":
            names += [f"akshar.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    inner = [name.split(".")[1] for name in names if name.startswith("akshar.")]
    return [name for name in inner if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()]
