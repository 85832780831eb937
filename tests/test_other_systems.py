"""What can be checked of Windows and macOS on this system: imports, encodings, paths, names of files."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TINY

from akshar.config.run_name import new_run_name

SOURCE = Path(__file__).parents[1] / "src"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")}
POSIX_ONLY = "crypt fcntl grp posix pty pwd resource spwd syslog termios tty".split()
POSIX_FOLDERS = re.compile(r"/(tmp|var|dev|proc|etc|home|usr)\b")
READS_PROC = ("memory.py", "hardware.py", "provenance.py")  # and does without where there is none
TEXT_MODE = re.compile("[rwax]?[+t]?$")
# What Windows refuses in a name, and names that it keeps for devices
REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


def place(path, node):
    return f"{path.relative_to(SOURCE)}:{node.lineno}"


def without_posix(code):
    """Run code in a process in which modules that only POSIX systems have cannot be imported."""
    blocked = [name for name in POSIX_ONLY if name != "posix"]  # which Python's own `os` has loaded here
    block = f"import sys, warnings; warnings.simplefilter('ignore'); sys.modules.update(dict.fromkeys({blocked}))\n"
    done = subprocess.run([sys.executable, "-c", block + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "words", [["--help"], ["train", "--help"], ["train", "--cfg", "job", "data=glyphs"]], ids=" ".join
)
def test_a_command_starts_without_posix_only_modules(words):
    assert without_posix(f"from akshar.cli import main; sys.exit(main({words!r}))")


@pytest.mark.slow
def test_a_whole_run_and_a_dry_run_do_without_posix_only_modules(workplace):
    without_posix(f"from akshar.cli import main; sys.exit(main({['train', *TINY]!r}))")
    without_posix(f"from akshar.cli import main; sys.exit(main({['train', '--dry-run', *TINY]!r}))")
    assert len([*workplace.glob("outputs/train/*/result.json")]) == 1


def test_no_module_imports_a_posix_only_module_at_its_start():
    wrong = [
        place(path, node)
        for path, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (*(alias.name for alias in node.names), getattr(node, "module", None))
        if name in POSIX_ONLY
    ]
    assert wrong == []


def test_text_files_are_opened_with_an_encoding():
    wrong = [
        place(path, node)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and is_text_file(node) and "encoding" not in {k.arg for k in node.keywords}
    ]
    assert wrong == []


def is_text_file(call):
    """Whether a call opens a text file: `open(path)`, `path.open("w")`, `read_text`, `write_text`."""
    method = getattr(call.func, "attr", None)
    if method in ("read_text", "write_text"):
        return True
    is_function = isinstance(call.func, ast.Name) and call.func.id == "open"
    if not is_function and method != "open":
        return False
    if method == "open" and isinstance(call.func.value, ast.Name) and call.func.value.id in ("os", "Image"):
        return False
    modes = [argument for argument in call.args[is_function:] if isinstance(argument, ast.Constant)]
    no_mode = is_function and len(call.args) == 1
    return no_mode or any(TEXT_MODE.match(str(mode.value)) for mode in modes[:1])


def test_no_path_of_a_posix_system_is_written_down():
    wrong = [
        f"{place(path, node)} {node.value!r}"
        for path, tree in TREES.items()
        if path.name not in READS_PROC
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and POSIX_FOLDERS.match(node.value)  # at its begin; docstrings have it elsewhere
    ]
    assert wrong == []


def test_windows_takes_the_names_of_a_run_s_files(finished):
    _, folder = finished
    names = [new_run_name(), *(path.name for path in folder.rglob("*"))]
    assert len(names) > 20
    assert [name for name in names if REFUSED.search(name)] == []
    assert all(name.isascii() for name in names)
