"""Runs and sweeps of somebody else: no code that they name or bring along is run, unless it is trusted."""

import json
import shutil
from itertools import product

import pytest
import yaml

from akshar.cli import main

FOREIGN = {
    "hubconf.py": "import pathlib\ndef harm(*_, **__): pathlib.Path('harm').touch()\n",
    "own_part.py": "import pathlib\npathlib.Path('harm').touch()\nfrom torch.optim import SGD\n",
}
HUB = {"_target_": "torch.hub.load", "repo_or_dir": ".", "model": "harm", "source": "local"}
DATA = {"data": {"input_spec": HUB}}
CALLBACK = {"callbacks": {"harm": HUB}}


@pytest.fixture
def foreign_run(finished, workplace, monkeypatch):
    """Return a function that makes a run's folder whose config names other parts, and returns it."""
    monkeypatch.syspath_prepend(workplace)
    for name, content in FOREIGN.items():
        (workplace / name).write_text(content)

    def make(**parts):
        folder = workplace / "run"
        shutil.copytree(finished[1], folder)
        for name in ("config.yaml", "result.json"):
            path = folder / name
            content = yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML
            config = content["config"] if name == "result.json" else content
            for part, node in parts.items():
                config[part] = (config[part] if isinstance(config[part], dict) else {}) | node
            path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return folder

    return make


@pytest.mark.parametrize(
    ("command", "parts"),
    [("inspect run", DATA), *product(("train resume=run", "train repeat=run"), (DATA, CALLBACK))],
)
def test_a_run_of_someone_else_cannot_have_code_run(command, parts, foreign_run, refused, workplace, fault):
    foreign_run(**parts)
    *_, line = refused(*command.split())
    assert "names torch.hub.load, which no file may name; see SECURITY.md" in line
    fault(
        f"`akshar {command}` where the run's config names `torch.hub.load`",
        "`names torch.hub.load, which no file may name; see SECURITY.md`",
    )
    assert not (workplace / "harm").exists()


@pytest.mark.slow
def test_a_report_builds_no_callback_of_someone_else(foreign_run, workplace):
    foreign_run(**CALLBACK)
    assert main(["inspect", "run"]) == 0
    assert not (workplace / "harm").exists()


@pytest.mark.parametrize("data", [HUB, {"input_spec": HUB}])
def test_a_sweep_of_someone_else_cannot_have_code_run(data, foreign_run, refused, workplace):
    (workplace / "sweep").mkdir()
    first = foreign_run(data={"folds": 2} | data).rename(workplace / "sweep" / "0")
    shutil.copytree(first, workplace / "sweep" / "1")
    before = sorted(workplace.rglob("*"))
    (line,) = refused("inspect", "sweep")
    assert line.startswith("error: sweep: names torch.hub.load, which ")
    assert sorted(workplace.rglob("*")) == before  # no labels.html, and no mark of code that was run


@pytest.mark.parametrize("key", ["resume", "repeat"])
def test_a_run_with_a_package_of_one_s_own_goes_on_only_if_that_is_trusted(key, foreign_run, refused, workplace):
    foreign_run(optimizer={"_target_": "own_part.SGD"})
    (line,) = refused("train", f"{key}=run")
    assert line.endswith("names own_part.SGD; if you trust that package, add  --trust own_part")
    assert not (workplace / "harm").exists()  # it was not even imported
    (line,) = refused("train", f"{key}=run", "--trust", "own_part")
    assert "names own_part.SGD" in line  # it is torch's, which the package only imports
    assert (workplace / "harm").exists()


def test_a_run_does_not_read_the_environment(foreign_run, refused, monkeypatch):
    monkeypatch.setenv("SECRET", "1234")
    foreign_run(data={"cache_dir": "${oc.env:SECRET}"})
    for words in (["train", "resume=run"], ["train", "repeat=run"]):
        (line,) = refused(*words)
        assert "holds ${oc.env:SECRET}; values of a run are plain" in line
