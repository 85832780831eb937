"""The runs of a sweep read from their folders, grouped, averaged and ranked."""

import json
from pathlib import Path

import pytest
from sweep_files import write_fold, write_run

from akshar import untrusted
from akshar.runs.index import DIED
from akshar.sweeps.entries import read_entries
from akshar.sweeps.summary import format_rows
from akshar.sweeps.sweep_dir import write_choices
from akshar.sweeps.table import MeanSd, make_table, pooled_accuracy, varying_keys


def test_groups_are_averaged_over_seeds_and_ranked_by_validation(tmp_path):
    for number, (lr, seed, loss) in enumerate([(0.1, 1, 0.4), (0.1, 2, 0.6), (0.2, 1, 0.3), (0.2, 2, 0.3)]):
        config = {"seed": seed, "optimizer": {"lr": lr}}
        write_run(tmp_path / str(number), config, val_loss=loss, test_accuracy=1 - loss)
    first, second = make_table(read_entries(tmp_path))
    assert (first.rank, first.values, first.runs) == (1, {"optimizer.lr": 0.2}, 2)
    assert second.metrics["val_loss"] == MeanSd(0.5, pytest.approx(0.2 / 2**0.5))
    assert second.test_accuracy == MeanSd(0.5, pytest.approx(0.2 / 2**0.5))
    assert second.seconds == 4.0


def test_the_monitored_metric_decides_the_rank(tmp_path):
    for number, (lr, accuracy) in enumerate([(0.1, 0.8), (0.2, 0.9)]):
        config = {"optimizer": {"lr": lr}, "monitor": "accuracy/val"}
        write_run(tmp_path / str(number), config, val_loss=accuracy, val_accuracy=accuracy)
    assert make_table(read_entries(tmp_path))[0].values == {"optimizer.lr": 0.2}


def test_a_further_metric_has_a_column_and_ranks_where_it_was_monitored(tmp_path):
    for number, (lr, error) in enumerate([(0.1, 0.3), (0.2, 0.1)]):
        config = {"optimizer": {"lr": lr}, "monitor": "ece/val"}
        further = {"ece/val": error, "ece/test": 2 * error, "loss/val": 0.5}
        write_run(tmp_path / str(number), config, monitor="ece/val", further=further)
    rows = make_table(read_entries(tmp_path))
    assert [row.values for row in rows] == [{"optimizer.lr": 0.2}, {"optimizer.lr": 0.1}]
    assert [*rows[0].metrics] == ["val_loss", "val_accuracy", "test_accuracy", "ece/test", "ece/val"]
    header, cells = format_rows(rows)
    assert dict(zip(header, cells[0], strict=True))["ece/test"] == "0.2000"


def test_what_is_not_completed_is_a_failure_without_a_rank(tmp_path):
    write_run(tmp_path / "0", {"optimizer": {"lr": 0.1}})
    write_run(tmp_path / "1", {"optimizer": {"lr": 0.2}}, "diverged", error="the loss is nan\nsecond line")
    write_run(tmp_path / "2", {"optimizer": {"lr": 0.3}}, "running")  # by a process that is gone
    write_run(tmp_path / "3", {"optimizer": {"lr": 0.4}}).result.write_text("{")
    write_run(tmp_path / "4", {"optimizer": {"lr": 0.5}}).result.write_text(json.dumps({"best": {}}))
    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "status.json").write_text('{"status": "running"}')  # no config yet
    entries = read_entries(tmp_path)
    assert [entry.status for entry in entries] == ["completed", "diverged", DIED, DIED, DIED]
    assert entries[1].error == "the loss is nan"
    rows = make_table(entries)
    assert [row.rank for row in rows] == [1, None, None, None, None]
    assert rows[1].failures == ("1: diverged",)
    assert rows[1].metrics["val_loss"] is rows[1].test_accuracy is rows[1].parameters is None


def test_a_run_without_a_test_still_counts(tmp_path):
    write_run(tmp_path / "0", {}, test_accuracy=None)
    write_run(tmp_path / "1", {"seed": 2}, val_loss=float("nan"), test_accuracy=0.5)
    write_run(tmp_path / "2", {"optimizer": {"lr": 9.0}})
    first, second = make_table(read_entries(tmp_path))
    assert first.values == {"optimizer.lr": 9.0}  # a loss of NaN ranks last
    assert second.runs == 2
    assert second.test_accuracy == MeanSd(0.5, None)


def test_keys_that_follow_another_are_left_out(tmp_path):
    nets = {"small": ("any.Small", [8]), "wide": ("any.Wide", [16])}
    for number, (name, (target, widths)) in enumerate(nets.items()):
        config = {"model": {"_target_": target, "widths": widths}, "optimizer": {"lr": 0.1 * (number + 1)}}
        write_run(tmp_path / str(number), config | {"scheduler": {"max_lr": 0.1 * (number + 1)}})
        write_choices(tmp_path / str(number), {"model": name, "hydra/launcher": "basic", "scheduler": None})
    entries = read_entries(tmp_path)
    assert varying_keys(entries) == ["model", "optimizer.lr"]  # neither the widths nor max_lr
    assert [entry.values["model"] for entry in entries] == ["small", "wide"]


def folds(tmp_path, *held_out):
    for number, indices in enumerate(held_out):
        run_dir = write_run(tmp_path / str(number), {"data": {"folds": len(held_out), "fold": number}})
        write_fold(run_dir, indices, labels=[0] * len(indices), answers=[0, *[1] * (len(indices) - 1)])
    return read_entries(tmp_path)


def test_pooled_accuracy_counts_every_image_once(tmp_path):
    entries = folds(tmp_path, [0, 2, 4, 6], [1, 3, 5, 7])
    assert pooled_accuracy(entries) == 2 / 8
    assert make_table(entries)[0].pooled == 2 / 8


@pytest.mark.parametrize("held_out", [[[0, 1, 2, 3]], [[0, 1, 2, 3], [3, 4, 5, 6]]])
def test_incomplete_or_overlapping_folds_have_no_pooled_accuracy(held_out, tmp_path):
    assert pooled_accuracy(folds(tmp_path, *held_out)) is None


def test_damaged_predictions_cost_the_pooled_accuracy_alone(tmp_path, caplog):
    entries = folds(tmp_path, [0, 2, 4, 6], [1, 3, 5, 7])
    (entries[1].run_dir.predictions / "val.npz").write_bytes(b"PK\x03\x04 cut off")
    (row,) = make_table(entries)
    assert (row.runs, row.pooled) == (2, None)
    assert "no pooled accuracy" in caplog.text


def test_runs_without_folds_have_no_pooled_accuracy(tmp_path):
    write_run(tmp_path / "0", {})
    assert pooled_accuracy(read_entries(tmp_path)) is None
    assert pooled_accuracy([]) is None


def test_the_files_read_grow_with_the_runs(tmp_path, monkeypatch):
    opened: list[Path] = []
    read_bytes = untrusted.read_bytes
    for name in ("untrusted", "runs.run_dir"):
        monkeypatch.setattr(
            f"akshar.{name}.read_bytes", lambda path, *limit: opened.append(path) or read_bytes(path, *limit)
        )
    counts = []
    for runs in (20, 200):
        for number in range(runs):
            write_run(tmp_path / str(runs) / str(number), {"seed": number % 2, "optimizer": {"lr": number // 2}})
        opened.clear()
        assert len(make_table(read_entries(tmp_path / str(runs)))) == runs // 2
        counts.append(len(opened))
    assert counts[1] == 10 * counts[0]
    assert counts[0] <= 20 * 4  # status, config, choices, result
