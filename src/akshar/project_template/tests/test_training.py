"""The whole way: train, test, read the result, and read the trained network back."""

import json
from pathlib import Path

import akshar
from akshar.cli import main

PROJECT = Path(__file__).parents[1]


def test_shapes_are_learned(tmp_path, monkeypatch):
    monkeypatch.chdir(PROJECT)  # where pyproject.toml says where the configs are
    few = ("data.train_per_class=600", "trainer.max_epochs=5")
    result = akshar.train("experiment=shapes", *few, f"hydra.run.dir={tmp_path / 'run'}")
    assert result.test is not None
    assert result.test.accuracy > 0.6  # 0.33 by guessing
    assert result.metrics["worst_recall/test"] <= result.test.accuracy

    again = ("--trust", "my_project", f"hydra.run.dir={tmp_path / 'test'}")
    assert main(["test", f"checkpoint={result.folder}", *again]) == 0
    retested = json.loads((tmp_path / "test" / "result.json").read_text(encoding="utf-8"))
    assert retested["test"]["accuracy"] == result.test.accuracy
