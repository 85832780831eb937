"""`akshar new`: what it makes, what it refuses, and every example of docs/your-own-project.md in a new project."""

import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from akshar.cli import main
from akshar.new_project import TEMPLATE

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "your-own-project.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
WRITTEN = re.findall(r"```(?:python|yaml)\n# ((?:src|conf)/\S+)\n(.*?)```", PAGE, re.S)
MADE = {
    *(".gitignore", "README.md", "pyproject.toml"),
    *(f"conf/{name}.yaml" for name in ("data/shapes", "experiment/shapes", "metrics/worst_recall", "model/small")),
    *(f"src/blue_whales/{name}.py" for name in ("__init__", "metric", "network", "shapes")),
    *("tests/test_parts.py", "tests/test_training.py"),
}


def python(folder, *words):
    """Run Python in a project that is not installed."""
    path = os.pathsep.join([str(folder / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_project_is_made_under_its_name(workplace, capsys):
    assert main(["new", "blue-whales"]) == 0
    assert "  cd blue-whales\n" in capsys.readouterr().out
    made = {path.relative_to("blue-whales").as_posix(): path for path in Path("blue-whales").rglob("*")}
    texts = {name: path.read_text(encoding="utf-8") for name, path in made.items() if path.is_file()}
    assert texts.keys() == MADE
    assert not [name for name, text in texts.items() if re.search("my.project", text)]
    assert tomllib.loads(texts["pyproject.toml"])["project"]["name"] == "blue-whales"
    assert "--trust blue_whales" in texts["README.md"]
    assert [path.name for path in workplace.iterdir()] == ["blue-whales"]  # no temporary folder is left
    assert os.access("blue-whales", os.R_OK | os.X_OK)


def test_an_empty_folder_is_filled(workplace):
    (workplace / "projects" / "blue_whales").mkdir(parents=True)
    assert main(["new", "projects/blue_whales"]) == 0
    assert (workplace / "projects" / "blue_whales" / "pyproject.toml").is_file()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Blue Whales", "must be lowercase letters, digits and hyphens, as in  akshar new blue-whales"),
        ("3d", "must be lowercase letters, digits and hyphens, as in  akshar new my-project"),
        ("नया", "must be lowercase letters, digits and hyphens, as in  akshar new my-project"),
        ("email", "Python itself uses this name; choose another one, as in  akshar new my-email"),
        ("class", "Python itself uses this name; choose another one, as in  akshar new my-class"),
        ("torch", "a package of this name is installed; choose another name, or uninstall it first"),
        ("pytorch-lightning", "a package of this name is installed; choose another name, or uninstall it first"),
        ("full", "is not empty; choose another name, or empty that folder"),
        ("file", "already exists; choose another name"),
        ("nowhere/blue-whales", "no such folder"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line(name, line, refused, workplace):
    (workplace / "full").mkdir()
    (workplace / "full" / "notes.txt").write_text("")
    (workplace / "file").write_text("")
    (found,) = refused("new", name)
    assert line in found
    assert {path.name for path in workplace.iterdir()} == {"full", "file"}


def test_the_working_directory_cannot_be_made(refused, workplace, monkeypatch):
    (workplace / "whales").mkdir()
    monkeypatch.chdir(workplace / "whales")
    (line,) = refused("new", ".")
    assert "is the working directory; run this in the folder above" in line


def test_nothing_is_left_where_the_disk_is_full(refused, workplace, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device", "whales")

    monkeypatch.setattr(Path, "write_text", fail)
    refused("new", "whales", exit_code=1)
    assert not list(workplace.iterdir())


def test_the_template_needs_no_other_version_of_python_than_akshar():
    ours, theirs = (
        tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
        for folder in (DOCS.parent, TEMPLATE)
    )
    assert ours.startswith(theirs)


@pytest.mark.slow
def test_from_an_empty_folder_to_a_tested_model(workplace):
    started = time.monotonic()
    assert main(["new", "blue-whales"]) == 0
    folder = workplace / "blue-whales"
    trained = python(folder, "-m", "akshar", "train", "experiment=shapes")
    assert trained.returncode == 0, trained.stderr
    accuracy = float(re.search(r"test accuracy  ([\d.]+) %", trained.stderr + trained.stdout)[1])
    assert accuracy > 90  # 97.8 and 99.6 with two seeds
    tested = python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert tested.returncode == 0, tested.stdout
    print(f"made, trained and tested in {time.monotonic() - started:.0f} s")
    for words in (["check"], ["format", "--check"]):
        assert python(folder, "-m", "ruff", *words, "--no-cache").returncode == 0


@pytest.mark.slow
def test_the_examples_of_the_page_work_in_a_new_project(workplace, monkeypatch):
    create, enter, install, train, test, *others = COMMANDS
    assert (enter, install, test) == ("cd my-project", "pip install -e '.[dev]'", "pytest")  # run by the test above
    assert main(shlex.split(create)[1:]) == 0
    project = workplace / "my-project"
    for name, text in WRITTEN:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    lightning = (DOCS / "your-own-lightning.md").read_text(encoding="utf-8")
    (bars,) = re.findall(r"```python\n# my_lightning.py\n(.*?)```", lightning, re.S)
    (project / "src" / "my_project" / "lightning.py").write_text(bars, encoding="utf-8")
    monkeypatch.chdir(project)
    monkeypatch.syspath_prepend(project / "src")
    few = ["trainer.max_epochs=2", "data.train_per_class=100"]
    assert main([*shlex.split(train)[1:], *few]) == 0
    (run,) = Path("outputs/train").iterdir()
    for line in others:
        words = shlex.split(line.replace("outputs/train/RUN", str(run)))[1:]
        if words[0] == "train" and "resume=latest" not in words:
            words += few[:1] if "data=bars" in words else few
            words += ["hydra.sweeper.search.trials=2"] if "optuna" in line else []
        assert main(words) == 0, line
