"""The summary of a sweep: what is printed, which files are written, and the exit code."""

import csv
import json

import pytest
from PIL import Image
from sweep_files import write_run

from akshar.errors import UsageError
from akshar.sweeps import summary
from akshar.sweeps.entries import read_entries
from akshar.sweeps.summary import format_rows, summarise
from akshar.sweeps.sweep_dir import CLAIM
from akshar.sweeps.table import make_table


@pytest.fixture
def sweep(tmp_path):
    """Two learning rates with two seeds each."""
    for number, (lr, seed) in enumerate([(0.1, 1), (0.1, 2), (0.2, 1), (0.2, 2)]):
        config = {"seed": seed, "optimizer": {"lr": lr}}
        write_run(tmp_path / str(number), config, val_loss=lr + seed / 100, test_accuracy=0.9 + seed / 100)
    return tmp_path


def claim_all(sweep):
    """Let every run be of a job; return their hashes."""
    for run in sweep.glob("*/"):
        (run / CLAIM).write_text(f"job{run.name}-content")
    return {f"job{run.name}" for run in sweep.glob("*/")}


def test_the_table_is_printed_and_written_in_every_format(sweep, capsys):
    assert summarise(sweep, claim_all(sweep)) == 0
    printed = capsys.readouterr()
    assert "0.1150 ± 0.0071" in printed.out
    assert "91.50 ± 0.71" in printed.out
    assert "sweep.{csv,md,json,png}" in printed.out
    assert printed.err == ""
    first, second = json.loads((sweep / "sweep.json").read_text())
    assert first["values"] == {"optimizer.lr": 0.1}
    assert second["val_loss"]["mean"] == pytest.approx(0.215)
    with (sweep / "sweep.csv").open() as file:
        rows = [*csv.DictReader(file)]
    assert [*rows[0]] == (
        "rank optimizer.lr runs val_loss val_loss_sd val_accuracy val_accuracy_sd test_accuracy test_accuracy_sd "
        "pooled parameters seconds failures"
    ).split()
    assert float(rows[1]["val_loss"]) == pytest.approx(0.215)
    assert rows[0]["pooled"] == ""
    heading, line, *cells = (sweep / "sweep.md").read_text().splitlines()
    assert heading.startswith("| rank | optimizer.lr | runs | val loss |")
    assert "pooled" not in heading  # an empty column
    assert len(cells) == 2
    assert heading.count("|") == line.count("|") == cells[0].count("|")
    assert Image.open(sweep / "sweep.png").width > 300
    assert not (sweep / "size.png").exists()


def test_of_a_long_table_the_best_rows_are_printed(sweep, capsys, monkeypatch):
    monkeypatch.setattr(summary, "PRINTED", 1)
    assert summarise(sweep, claim_all(sweep)) == 0
    shown = capsys.readouterr().out
    assert "0.1150 ± 0.0071" in shown
    assert "0.2150 ± 0.0071" not in shown
    assert "the first 1 of 2 rows; all of them are in" in shown
    assert len((sweep / "sweep.csv").read_text().splitlines()) == 3


def test_failed_running_and_missing_jobs_are_listed(sweep, capsys):
    failed = write_run(sweep / "4", {"optimizer": {"lr": 9.0}}, "failed", error="ValueError: no\nmore")
    write_run(sweep / "5", {"optimizer": {"lr": 8.0}}, "pruned")
    running = write_run(sweep / "6", {"optimizer": {"lr": 7.0}}, "running")
    with running.locked():
        assert summarise(sweep, {*claim_all(sweep), "x", "y"}) == 1
    assert capsys.readouterr().err.splitlines() == [
        "running: job 6",
        f"failed: job 4: ValueError: no (see {failed.log})",
        "not started: 2 of 9 jobs",
    ]


def test_missing_jobs_are_found_beside_those_of_another_command(sweep, capsys):
    claim_all(sweep)
    assert summarise(sweep, {"job0", "another"}) == 1
    assert capsys.readouterr().err == "not started: 1 of 2 jobs\n"
    assert summarise(sweep, {"job0"}) == 0


def test_three_sizes_of_networks_are_drawn_by_size(tmp_path, capsys):
    for number, parameters in enumerate([1000, 2000, 4000]):
        config = {"model": {"_target_": "any.Net", "widths": [parameters]}}
        write_run(tmp_path / str(number), config, parameters=parameters, test_accuracy=0.9 + number / 100)
    assert summarise(tmp_path) == 0
    assert "accuracy by parameters in" in capsys.readouterr().out
    assert Image.open(tmp_path / "size.png").width > 300


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no runs in this folder"):
        summarise(tmp_path)


def test_floats_are_shortened_and_empty_columns_left_out(sweep):
    header, cells = format_rows(make_table(read_entries(sweep)))
    assert header == "rank,optimizer.lr,runs,val loss,val accuracy %,test accuracy %,parameters,seconds".split(",")
    assert cells[0][:3] == ["1", "0.1", "2"]
    assert cells[0][-2:] == ["1,000", "4"]
