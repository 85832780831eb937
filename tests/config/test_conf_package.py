"""`conf/` as the package `akshar.conf`, which other Hydra applications build on."""

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "hydra.md").read_text(encoding="utf-8")
(CONFIG,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
(APPLICATION,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
NOTEBOOK = """\
import akshar
from hydra import compose, initialize_config_module

with initialize_config_module("akshar.conf", version_base="1.3"):
    print(compose("train", ["experiment=quickstart"]).name)
"""


def run(program, *words, cwd):
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout.split()


def test_its_files_are_those_of_conf():
    assert (files("akshar.conf") / "optimizer" / "adamw.yaml").is_file()


def test_hydra_composes_from_the_module(tmp_path):
    assert run(NOTEBOOK, cwd=tmp_path) == ["quickstart"]


@pytest.mark.parametrize(("path", "name", "seed"), [("pkg://akshar.conf", "train", 1), ("conf", "config", 7)])
def test_an_application_of_one_s_own_starts_from_train_yaml(tmp_path, path, name, seed):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text(CONFIG)
    application = APPLICATION.replace('"conf"', f'"{path}"').replace('"config"', f'"{name}"')
    (tmp_path / "app.py").write_text(application)
    command = [sys.executable, "app.py", "experiment=quickstart"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["quickstart", str(seed)]
    assert (tmp_path / "outputs" / "train").is_dir()
