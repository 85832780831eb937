"""The Python API: the same runs as the commands', as values and exceptions, and everything else left as it was."""

import csv
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import TINY, write_picture
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from sweeps.sweep_files import write_run

import akshar
import akshar.api
from akshar.cli import main
from akshar.errors import AksharError, UsageError
from akshar.runs.log_setup import logging_restored
from akshar.runs.run_dir import RunDir

PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def test_the_examples_of_the_page_run(workplace, capsys):
    first, resumed, application = EXAMPLES
    words = ", ".join(map(repr, TINY))
    write_picture(workplace / "picture.png")
    before = logging.getLogger().handlers, signal.getsignal(signal.SIGINT)
    exec(compile(first.replace('"experiment=quickstart"', words), "docs/python.md", "exec"), {})
    shown, log = capsys.readouterr()
    assert "outputs/train/" in shown
    assert log.count("epoch 2/2") == 1
    (run,) = workplace.glob("outputs/train/*")
    (run / "result.json").unlink()  # as if it had been stopped before its test
    (run / "status.json").write_text((run / "status.json").read_text().replace("completed", "interrupted"))
    exec(compile(resumed, "docs/python.md", "exec"), {})
    assert capsys.readouterr().err.count("resuming ") == 1
    assert (logging.getLogger().handlers, signal.getsignal(signal.SIGINT)) == before
    assert application.startswith("# app.py")
    assert [(run["status"], run["epochs"]) for run in akshar.runs()] == [("completed", 2)]


@pytest.mark.slow
def test_a_hydra_application_trains_in_its_own_folder(workplace):
    (workplace / "app.py").write_text(EXAMPLES[-1])
    done = subprocess.run(
        [sys.executable, "app.py", *TINY, "hydra.run.dir=mine"], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip().endswith("mine")
    assert {"config.yaml", "result.json", "run.log"} <= {*os.listdir(workplace / "mine")}


def test_a_composed_config_trains_also_in_a_thread_and_leaves_hydra_as_it_was(workplace):
    with akshar.api.composing("train"):
        found = GlobalHydra.instance().hydra
        config = akshar.compose(*TINY, "trainer.max_epochs=1", "seed=4", "test=false")
        assert GlobalHydra.instance().hydra is found
    assert config.seed == 4
    results = []
    tree = OmegaConf.create(config.to_record())
    thread = threading.Thread(target=lambda: results.append(akshar.train(tree)))
    thread.start()
    thread.join()
    (result,) = results
    assert (result.seed, result.test) == (4, None)
    assert result.folder.parent == workplace / "outputs" / "train"
    assert "seed 4" in repr(result) == str(result)


def test_an_interrupt_saves_and_is_raised_as_in_a_cell(workplace, monkeypatch):
    from akshar.training import run

    monkeypatch.setattr(run, "fit", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        akshar.train(*TINY)
    assert [run["status"] for run in akshar.runs()] == ["interrupted"]


def test_a_run_that_fails_raises_its_error(workplace, monkeypatch):
    from akshar.training import run

    with pytest.raises(UsageError, match="model: widths"):
        akshar.train(*TINY, "model.widths=[8]")
    monkeypatch.setattr(run, "fit", lambda *_: sys.exit(0))
    with pytest.raises(AksharError, match=r"sys\.exit\(0\) was called"):
        akshar.train(*TINY)
    assert [run["status"] for run in akshar.runs()] == ["failed", "failed"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["seed=1,2"], "seed=1,2: several values need akshar train -m"),
        (["sweep=seeds"], "sweep=seeds: several values need akshar train -m"),
        (["-m"], "-m: only on the command line"),
        (["sweep.fail_fast=true"], "sweep.fail_fast=true: only on the command line"),
        (["seed=x", "data.batch_size=0"], "seed=x.*\ndata.batch_size=0"),
        (["resume=nowhere"], "nowhere: no such run folder"),
        ([{"seed": 1}, "seed=2"], "give one config, or overrides, not both"),
    ],
)
def test_what_cannot_run_is_refused(words, message, workplace):
    given = [OmegaConf.create(word) if isinstance(word, dict) else word for word in words]
    with pytest.raises(UsageError, match=message):
        akshar.train(*given)
    assert not (workplace / "outputs").exists()


def test_the_tables_have_the_commands_values(tmp_path, capsys, monkeypatch):
    for number, seed in enumerate((1, 2)):
        config = {"seed": seed, "optimizer": {"lr": 0.1}}
        write_run(tmp_path / "sweep" / str(number), config, val_loss=0.5, val_accuracy=0.8)
    table = akshar.sweep(tmp_path / "sweep")
    assert not (tmp_path / "sweep" / "sweep.csv").exists()
    assert main(["sweep", str(tmp_path / "sweep")]) == 0
    with (tmp_path / "sweep" / "sweep.csv").open(encoding="utf-8") as file:
        assert [*csv.DictReader(file)] == [
            {key: "" if value is None else str(value) for key, value in row.items()} for row in table
        ]
    runs = akshar.runs(tmp_path)
    assert [run["run"] for run in runs] == [str(RunDir(tmp_path / "sweep" / str(number))) for number in (0, 1)]
    assert [run["val_accuracy"] for run in runs] == [0.8, 0.8]
    for table, name in ((akshar.sweep, "nowhere"), (akshar.runs, tmp_path / "nowhere")):
        with pytest.raises(UsageError, match="no such folder"):
            table(name)
    monkeypatch.chdir(tmp_path)
    assert akshar.runs() == []


def test_runs_are_compared_as_by_the_command(finished, workplace, capsys):
    _, folder = finished
    other = akshar.train(*TINY, "seed=4")
    compared = akshar.compare(folder, str(other.folder))
    assert not (workplace / "outputs" / "compare").exists()
    assert main(["compare", str(folder), str(other.folder), "--out", "compared"]) == 0
    assert json.loads(json.dumps(compared.to_record())) == json.loads(Path("compared/compare.json").read_text())
    assert compared.pairs[0].verdict in capsys.readouterr().out
    with pytest.raises(UsageError, match="compare: needs at least two runs, not 1"):
        akshar.compare(folder)


def test_results_are_read_back(finished, tmp_path):
    result, folder = finished
    assert akshar.read_result(folder) == akshar.read_result(str(folder))
    assert akshar.read_result(folder).test.correct == result["test"]["correct"]
    with pytest.raises(UsageError, match="is not a run's folder"):
        akshar.read_result(tmp_path)


def test_data_is_loaded_as_for_a_training(workplace):
    data = akshar.load_data(*TINY, "data.batch_size=16", "seed=4")
    batch = next(iter(data.train_dataloader()))
    images, labels = data.prepare(batch, augmented=True)
    assert images.shape == (16, *data.dataset.input_spec.shape)
    assert (images.min(), images.max()) == (-1, 1)
    assert batch.labels.tolist() == labels.tolist()
    assert not (workplace / "outputs").exists()
    with pytest.raises(UsageError, match=r"data\.batch_size=0"):
        akshar.load_data(*TINY, "data.batch_size=0")


def test_shipped_weights_are_loaded_by_name_unless_a_path_has_it(workplace):
    assert len(akshar.load("letters58").classes) == 58
    assert len(akshar.load("letters58.onnx").classes) == 58
    with pytest.raises(UsageError, match=r"^leters58: .* \(letters58\); did you mean letters58\?$"):
        akshar.load("leters58")
    with pytest.raises(UsageError, match=r"^robust: .*; letters58 replaces it$"):
        akshar.load("robust")
    (workplace / "letters58").mkdir()
    with pytest.raises(UsageError, match=r"^letters58"):
        akshar.load("letters58")


def test_the_package_is_imported_without_what_it_does_not_need():
    code = "import sys, akshar, akshar.runs; print(callable(akshar.runs), *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    is_callable, *loaded = done.stdout.split()
    assert is_callable == "True"
    assert not {"torch", "hydra", "pydantic", "scipy", "matplotlib"} & {*loaded}


def test_handlers_and_levels_are_restored(tmp_path):
    root, other = logging.getLogger(), logging.getLogger("akshar_test_api")
    before = [*root.handlers], root.level, other.level
    with logging_restored():
        root.handlers[:] = [logging.FileHandler(tmp_path / "log")]
        root.setLevel(logging.ERROR)
        other.setLevel(logging.ERROR)
    assert ([*root.handlers], root.level, other.level) == before
