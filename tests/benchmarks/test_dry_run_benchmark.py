"""The table of what a dry run predicts beside what a run takes; its figures are not a test's."""

from akshar.benchmarks import dry_run
from akshar.benchmarks.dry_run import CONFIGS, Cost
from akshar.config.compose import compose, composing
from akshar.config.schema import TrainConfig


def test_ten_configs_are_compared(monkeypatch, capsys):
    monkeypatch.setattr(dry_run, "predict", lambda *_: Cost(12.0, 1e9, 4e6))
    monkeypatch.setattr(dry_run, "measure", lambda *_: Cost(10.0, 1e9, 5e6))
    dry_run.main([])
    out = capsys.readouterr().out
    assert out.count("12 / 10 s") == 10
    assert out.count("+20%, +0%, -20%") == 10
    assert "within 25 % in all three: 10 of 10" in out


def test_every_config_is_valid():
    for words in CONFIGS.values():
        with composing("train"):
            assert compose("train", words, TrainConfig).config
