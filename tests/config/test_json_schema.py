"""The JSON Schemas for editors: shipped files pass, and mistakes do not.

The mistakes were planted by someone who had not read the code, before the schemas were written.
"""

import json
import os
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jsonschema_rs
import pytest
from language_server import server
from omegaconf import OmegaConf

from akshar.cli import main
from akshar.config.conf_dir import conf_dir
from akshar.config.json_schema import json_schemas

ROOT = Path(__file__).parents[2]
FILES = sorted(conf_dir().rglob("*.yaml"))
MODELINE = re.compile(r"^# yaml-language-server: \$schema=(\S+)$", re.MULTILINE)
PLANTED = json.loads((Path(__file__).parent / "planted_mistakes.json").read_text(encoding="utf-8"))
# Their signatures are part of the schemas.
LIBRARIES = "torch torchvision pytorch-lightning torchmetrics hydra-joblib-launcher".split()


def schema_of(path: Path, text: str) -> Path:
    """Follow the modeline of a file."""
    names = MODELINE.findall(text)
    assert len(names) == 1, path
    return Path(os.path.normpath(path.parent / names[0]))


def problems(path: Path, text: str) -> list[str]:
    """List what is wrong with a file, by a validator of JSON Schema."""

    def retrieve(uri: str) -> object:
        return json.loads(Path(uri.removeprefix("file://")).read_text(encoding="utf-8"))

    schema = schema_of(path, text)
    validator = jsonschema_rs.Draft7Validator(
        json.loads(schema.read_text(encoding="utf-8")), base_uri=schema.as_uri(), retriever=retrieve
    )
    values = OmegaConf.to_container(OmegaConf.create(text))
    return [error.message for error in validator.iter_errors(values)]


def edited(planted: dict) -> tuple[Path, str]:
    path = ROOT / planted["file"]
    text = path.read_text(encoding="utf-8")
    assert text.count(planted["edit"]["replace"]) == 1, planted
    return path, text.replace(planted["edit"]["replace"], planted["edit"]["with"])


def named(planted: dict) -> str:
    return f"{planted['file'].removeprefix('conf/')}:{planted['where']}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(conf_dir()).as_posix())
def test_a_shipped_file_passes(path):
    text = path.read_text(encoding="utf-8")
    assert problems(path, text) == []
    lines = text.splitlines()
    # Hydra reads the lines with an @ only above all others
    assert MODELINE.match(lines[1] if lines[0].startswith("# @package") else lines[0])


@pytest.mark.parametrize("planted", [planted for planted in PLANTED if planted["closed"]], ids=named)
def test_planted_mistakes_are_found_and_correct_changes_pass(planted):
    found = problems(*edited(planted))
    assert bool(found) == (planted["kind"] != "correct"), found


def has_locked_versions() -> bool:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w-]+)==([\w.]+)", lock, re.MULTILINE))
    try:
        return all(version(name).partition("+")[0] == locked[name] for name in LIBRARIES)
    except PackageNotFoundError:
        return False


def of_akshar(text: str) -> dict[str, object]:
    """Take the part of a schema that does not depend on the versions of libraries."""
    definitions = json.loads(text).get("definitions", {})
    return {name: part for name, part in definitions.items() if name.startswith("akshar.")}


def test_the_schemas_are_those_of_the_code():
    texts, unknown = json_schemas()
    folder, compared = ROOT / "schema", str if has_locked_versions() else of_akshar
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")} == texts.keys()
    written = {name: (folder / name).read_text(encoding="utf-8") for name in texts}
    stale = [name for name, text in texts.items() if compared(written[name]) != compared(text)]
    assert stale == [], "run `akshar schema`"
    assert unknown == [] or not has_locked_versions()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of one's own, with a network, and a callback that cannot be imported."""
    (tmp_path / "own_net.py").write_text(
        'class Net:\n    """A network.\n\n    Args:\n        width: of each layer.\n    """\n\n'
        "    def __init__(self, num_classes: int, width: int = 8): ...\n"
    )
    (tmp_path / "conf/model").mkdir(parents=True)
    (tmp_path / "conf/model/mine.yaml").write_text("_target_: own_net.Net\nwidth: 8\n")
    (tmp_path / "conf/callbacks").mkdir()
    (tmp_path / "conf/callbacks/absent.yaml").write_text("absent:\n  _target_: not_installed.Part\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_project_has_schemas_with_its_own_parts(project, capsys):
    assert main(["schema", "--check"]) == 1
    assert "schema/model.json: out of date" in capsys.readouterr().out
    assert main(["schema"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("callbacks._target_=not_installed.Part: cannot be imported")
    modeline = lines[-1]
    assert modeline == "# yaml-language-server: $schema=../../schema/model.json"
    assert main(["schema", "--check"]) == 0

    mine = project / "conf/model/mine.yaml"
    own = "_target_: own_net.Net\n"
    assert problems(mine, f"{modeline}\n{own}width: 4\n") == []
    assert problems(mine, f"{modeline}\n{own}width: x\n")
    assert problems(mine, f"{modeline}\n{own}widht: 4\n")
    assert problems(mine, f"{modeline}\n{own}num_classes: 4\n")  # the framework passes it
    model = json.loads((project / "schema/model.json").read_text())
    width = model["definitions"]["own_net.Net"]["properties"]["width"]
    assert (width["description"], width["default"]) == ("of each layer.", 8)
    modeline = modeline.replace("model", "callbacks")
    assert problems(mine, f"{modeline}\nabsent:\n  _target_: not_installed.Part\n  anything: 1\n") == []


EXPERIMENT = "# yaml-language-server: $schema=../../schema/experiment.json\n"


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("optimizer: {fused: true, adam_ratio: 0.1}", True),  # some optimizer has each
        ("defaults: [override /optimizer: adamw]\noptimizer: {fused: true}", True),
        ("defaults: [override /optimizer: adamw]\noptimizer: {adam_ratio: 0.1}", False),
        ("defaults: [override /optimizer: mine]\noptimizer: {anything: 0.1}", True),
        ("optimizer: {_target_: my_package.Mine, anything: 0.1}", True),
        ("optimizer: {_target_: my_package.Mine, lr: -1}", False),
        ("defaults: [override /data: characters]\ndata: {root: x, card: {title: mine}}", True),
        ("data: {card: {titel: mine}}", False),
        ("data: ${mine}\ntrainer:\n  max_epochs: ???", True),
        ("trainer: {strategy: fsdp}", False),
        ("trainer: {strategy: ddp}", True),
        ("trainer: {callbacks: []}", False),
        ("scheduler: {T_max: steps}", True),
        ("scheduler: {T_max: step}", False),
        ("callbacks: {early_stopping: {patience: 3}, mine: {every: 1}, ema: null}", True),
        ("callbacks: {early_stopping: {patiense: 3}}", False),
        ("model: {freeze: {_target_: my_package.Part}}", True),
    ],
)
def test_sections_of_an_experiment_are_checked_by_its_choices(text, is_right):
    assert (problems(conf_dir() / "experiment/mine.yaml", EXPERIMENT + text) == []) == is_right


@pytest.mark.slow
def test_the_language_server_of_editors_finds_the_same():
    with server() as editor:
        for path in FILES:
            assert editor.diagnostics(path, path.read_text(encoding="utf-8")) == [], path
        for planted in PLANTED:
            path, text = edited(planted)
            found = editor.diagnostics(path, text)
            if planted["kind"] == "correct":
                assert found == [], planted
            elif planted["closed"]:
                assert any(planted["where"] in problem for problem in found), (planted, found)


@pytest.mark.slow
def test_the_language_server_completes_and_explains():
    path = conf_dir() / "optimizer/mine.yaml"
    head = "# yaml-language-server: $schema=../../schema/optimizer.json\n_target_: torch.optim.AdamW\n"
    with server() as editor:
        editor.open(path, f"{head}lr: 0.1\nwei\n")
        assert "weight_decay" in editor.completions(path, line=3, character=3)
        assert "nesterov" not in editor.completions(path, line=3, character=3)
        assert "Learning rate" in editor.hover(path, line=2, character=1)
        editor.close(path)
        editor.open(path, f"{head}amsgrad: \n")
        assert {"true", "false"} <= editor.completions(path, line=2, character=9)
        editor.close(path)
        editor.open(path, head.replace("torch.optim.AdamW", ""))
        assert "akshar.models.muon.Muon" in editor.completions(path, line=1, character=10)
        editor.close(path)
        path = conf_dir() / "experiment/mine.yaml"
        editor.open(path, f"{EXPERIMENT}defaults:\n  - override /model: compact\nmodel:\n  \n")
        assert {"widths", "blocks"} <= editor.completions(path, line=4, character=2)
