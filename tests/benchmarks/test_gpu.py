"""The command that verifies a GPU, without one: what it prints, writes and returns."""

import json
import re

import pytest

from akshar.benchmarks import gpu
from akshar.benchmarks.measured import Measured
from akshar.benchmarks.step import OURS, PLAIN

RUN = gpu.Run(0.8, 2300, 5000.0, "cuda:0", "abc", {"loss/val": 0.5})


@pytest.fixture
def measured(monkeypatch, workplace):
    """Put fixed figures in the place of trainings, and list the words of each."""
    trainings = []

    def train(*words):
        trainings.append(words)
        return RUN

    monkeypatch.setattr(gpu, "train", train)
    step = {name: Measured(name, "ms a step", (50.0, 60.0, 55.0)) for name in (PLAIN, OURS)}
    monkeypatch.setattr(gpu, "measure_step", lambda *_, **__: step)
    return trainings


def test_without_a_gpu_one_line_says_so(capsys, monkeypatch):
    monkeypatch.setattr(gpu.torch.cuda, "is_available", lambda: False)
    assert gpu.main([]) == 2
    error = capsys.readouterr().err
    assert "finds no GPU; --device cpu" in error
    assert len(error.splitlines()) == 1


def test_every_check_is_in_the_table_and_in_the_file(measured, capsys, workplace):
    assert gpu.main(["--device", "cpu"]) == 0
    out = capsys.readouterr().out
    content = json.loads((workplace / "gpu.json").read_text(encoding="utf-8"))
    assert [check["name"] for check in content["checks"]] == [*gpu.CHECKS]
    assert all(name in out for name in gpu.CHECKS)
    assert "FAILED" not in out
    assert len(measured) == 6 + 2 + 2 + 6  # accuracy over seeds, precisions, repetition, DDP over seeds


def test_a_failed_check_leaves_the_others_and_tells_no_path(measured, capsys, workplace, monkeypatch):
    def fail(device):
        raise RuntimeError("first line\nerror: /home/somebody/akshar and C:\\Users\\somebody\\x: are missing")

    monkeypatch.setattr(gpu, "CHECKS", {"broken": fail, **gpu.CHECKS})
    assert gpu.main(["--device", "cpu"]) == 1
    text = (workplace / "gpu.json").read_text(encoding="utf-8")
    assert "error: PATH and PATH: are missing" in text
    assert not re.search(r"somebody|home|Users|tmp", text)


def test_an_accuracy_beyond_the_spread_fails(monkeypatch):
    runs = {"cpu": 0.8, "gpu": 0.7}
    monkeypatch.setattr(
        gpu,
        "train",
        lambda *words: gpu.Run(runs[words[1].partition("=")[2]], 2300, 1.0, "cuda:0", words[2], {}),
    )
    check = gpu.accuracy("gpu")
    assert check.passed is False
    assert check.found == ("cpu 80.00% ± 0.00%, 1 images/s; device 70.00% ± 0.00%, 1 images/s; may differ by 2.55%")
    assert gpu.accuracy("cpu").passed


def test_other_weights_are_no_repetition(monkeypatch):
    weights = iter("ab")
    monkeypatch.setattr(gpu, "train", lambda *_: gpu.Run(0.8, 2300, 1.0, "cuda:0", next(weights), {}))
    assert gpu.repetition("gpu").passed is False
