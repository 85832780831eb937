"""`conf/` as the package `akshar.conf`, which other Hydra applications build on."""

import subprocess
import sys
from importlib.resources import files

import pytest
import yaml

OWN = """\
import hydra
import akshar

@hydra.main(version_base="1.3", config_path={path!r}, config_name={name!r})
def main(config):
    print(config.name, config.data._target_, config.seed, config.get("mine"))

main()
"""
OWN_CONFIG = {
    "defaults": ["train", "_self_"],
    "mine": 3,
    "seed": 7,
    "hydra": {"searchpath": ["pkg://akshar.conf"]},
}
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


@pytest.mark.parametrize(("path", "name"), [("pkg://akshar.conf", "train"), ("conf", "config")])
def test_an_application_of_one_s_own_starts_from_train_yaml(tmp_path, path, name):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text(yaml.safe_dump(OWN_CONFIG))
    (tmp_path / "app.py").write_text(OWN.format(path=path, name=name))
    command = [sys.executable, "app.py", "experiment=quickstart"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
    seed, mine = ("7", "3") if path == "conf" else ("1", "None")
    assert shown == ["quickstart", "akshar.devanagari.glyphs.Glyphs", seed, mine]
    assert (tmp_path / "outputs" / "train").is_dir()
