"""The order of rooms in `src/akshar`: imports go down only; the framework knows no script and no default size."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
PACKAGE = SOURCE / "akshar"

# Rooms and top-level modules, from low to high; those of one line may import each other, but not in a circle.
ORDER = (
    "errors files untrusted extras seeds memory distributed tables renamed credentials streams writable"
    " new_project cluster_launch",
    "pictures",
    "data",
    "models metrics",
    "config",
    "runs",
    "plots",
    "training report",
    "sweeps",
    "devanagari reader",
    "benchmarks",
    "api",
    "commands",
    "cli",
)
LEVELS = {room: level for level, rooms in enumerate(ORDER) for room in rooms.split()}
# Entry points, which nothing imports
ENTRIES = ("akshar", "akshar.__main__", "akshar.conf", "akshar.trained")

# Rooms of the framework, which know no script, no font, no letter and no default size
FRAMEWORK = "config training data pictures models metrics runs sweeps plots report".split()
FORBIDDEN = ("akshar.devanagari", "akshar.reader")
SIZE = 32  # of our data sets' images; in the framework it comes from the data's InputSpec

TEMPLATE = PACKAGE / "project_template"  # a project of its own, which `akshar new` copies
FILES = sorted(path for path in PACKAGE.rglob("*.py") if TEMPLATE not in path.parents)


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def room_of(module: str) -> str:
    return module.split(".")[1]


def imports(tree: ast.AST) -> set[tuple[str, int]]:
    """List the modules that a tree imports, also in functions and for type checking, with lines."""
    found = set()
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            module = name if name in MODULES else name.rpartition(".")[0]
            if module in MODULES:
                found.add((module, node.lineno))
    return found


IMPORTS = {name: imports(tree) for name, tree in TREES.items()}


def place(module: str, line: int) -> str:
    return f"{MODULES[module].relative_to(SOURCE)}:{line}"


def test_every_module_is_in_a_known_room():
    assert {room_of(name) for name in MODULES if name not in ENTRIES} <= LEVELS.keys()


def test_imports_go_down():
    wrong = [
        f"{place(name, line)} imports {imported}"
        for name, found in IMPORTS.items()
        if name not in ENTRIES
        for imported, line in sorted(found)
        if imported != "akshar" and LEVELS[room_of(imported)] > LEVELS[room_of(name)]
    ]
    assert wrong == []


def test_training_does_not_report():
    rooms = {
        room_of(imported) for name in MODULES if room_of(f"{name}.") == "training" for imported, _ in IMPORTS[name]
    }
    assert not {"report", "sweeps"} & rooms


def circles(graph: dict[str, set[str]]) -> list[str]:
    """List the nodes of a graph that can be reached from themselves."""

    def reachable(start: str) -> set[str]:
        seen, left = set(), [*graph.get(start, ())]
        while left:
            node = left.pop()
            if node not in seen:
                seen.add(node)
                left += graph.get(node, ())
        return seen

    return [node for node in sorted(graph) if node in reachable(node)]


def test_no_circle_between_rooms():
    rooms: dict[str, set[str]] = {}
    for name, found in IMPORTS.items():
        if name not in ENTRIES:
            others = {room_of(imported) for imported, _ in found if imported not in ENTRIES}
            rooms.setdefault(room_of(name), set()).update(others - {room_of(name)})
    assert circles(rooms) == []


def test_no_circle_between_modules():
    assert circles({name: {imported for imported, _ in found} - {name} for name, found in IMPORTS.items()}) == []


@pytest.mark.parametrize("room", FRAMEWORK)
def test_the_framework_does_not_name_what_is_built_on_it(room):
    assert strings_of(room, lambda text: any(forbidden in text for forbidden in FORBIDDEN)) == []


def trees_of(room: str) -> dict[str, ast.Module]:
    return {name: tree for name, tree in TREES.items() if name not in ENTRIES and room_of(name) == room}


def strings_of(room: str, is_wrong: Callable[[str], bool]) -> list[str]:
    """List a room's strings that are wrong, with their places; docstrings may say anything."""
    return [
        f"{place(name, node.lineno)}: {node.value!r}"
        for name, tree in trees_of(room).items()
        for node in strings_but_docstrings(tree)
        if is_wrong(str(node.value))
    ]


def strings_but_docstrings(tree: ast.AST) -> list[ast.Constant]:
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node for node in constants if id(node) not in docstrings]


@pytest.mark.parametrize("room", FRAMEWORK)
def test_the_framework_has_no_default_size(room):
    """No parameter, field or constant is 32; numbers of channels in a network's widths are no size."""
    wrong = []
    for name, tree in trees_of(room).items():
        for node in ast.walk(tree):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.arguments):
                values = [*node.defaults, *node.kw_defaults]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                values = [node.value]
            wrong += [
                place(name, value.lineno)
                for value in values
                if isinstance(value, ast.Constant) and value.value == SIZE and value.value is not True
            ]
    assert wrong == []


@pytest.mark.parametrize("room", FRAMEWORK)
def test_the_framework_has_no_letter_of_devanagari(room):
    assert strings_of(room, lambda text: re.search("[\u0900-\u097f]|fontpkg_", text) is not None) == []


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    return {
        *subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    }


def test_checking_a_config_s_data_set_does_not_import_torch():
    modules = ("devanagari.dhcd", "devanagari.glyphs", "devanagari.broad", "data.folder", "data.dataset_size")
    loaded = loaded_by("\n".join(f"import akshar.{module}" for module in modules))
    assert not {"torch", "torchvision", "pytorch_lightning", "matplotlib"} & loaded


def test_pictures_are_read_without_the_training_libraries():
    modules = [name for name in MODULES if room_of(f"{name}.") == "pictures"]
    loaded = loaded_by("\n".join(f"import {name}" for name in modules))
    assert not {"torch", "pydantic", "hydra", "matplotlib", "pytorch_lightning"} & loaded


def test_results_are_read_without_libraries_that_take_long_to_import():
    modules = [name for name in MODULES if room_of(f"{name}.") == "metrics"]
    modules += ["akshar.runs.index", "akshar.sweeps.summary", "akshar.report.comparison"]
    loaded = loaded_by("\n".join(f"import {name}" for name in modules))
    assert not {"torch", "scipy", "matplotlib", "pytorch_lightning"} & loaded
