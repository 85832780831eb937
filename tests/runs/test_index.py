"""The runs below a folder."""

import json

import pytest
from small_files import change_json, finished_run, old_run

from akshar.errors import UsageError
from akshar.runs.index import DIED, list_runs, remove_runs
from akshar.runs.run_dir import RunDir


def test_runs_are_listed_with_status_size_and_accuracy(tmp_path):
    finished_run(tmp_path / "b")
    running = RunDir(tmp_path / "a" / "deep")
    running.make()
    running.write_status("running", 4)
    other = tmp_path / "other"
    other.mkdir()
    (other / "status.json").write_text(json.dumps({"state": "of another program"}))
    first, second = list_runs(tmp_path)
    assert (first.run_dir.path, first.status, first.epoch) == (running.path, DIED, 4)
    assert first.val_accuracy is first.test_accuracy is None
    assert first.name == ""
    assert (second.status, second.val_accuracy) == ("completed", 0.75)
    assert second.test_accuracy is not None
    assert second.size > second.run_dir.result.stat().st_size


def test_a_run_of_akshar_0_1_is_listed(tmp_path):
    old_run(tmp_path / "old")
    (run,) = list_runs(tmp_path)
    assert (run.name, run.status, run.epoch) == ("compact", "completed", 10)
    assert run.val_accuracy == pytest.approx(0.99322, abs=1e-5)
    assert run.test_accuracy is not None


def test_a_damaged_result_leaves_the_run_in_the_list(tmp_path):
    run_dir = finished_run(tmp_path / "run")
    change_json(run_dir.result, schema_version=99)
    (run,) = list_runs(tmp_path)
    assert run.test_accuracy is None


def test_a_run_that_is_worked_on_is_running_and_not_removed(tmp_path):
    runs = [finished_run(tmp_path / "done"), RunDir(tmp_path / "now")]
    runs[1].make()
    runs[1].write_status("running")
    with runs[1].locked():
        listed = list_runs(tmp_path)
        assert [run.status for run in listed] == ["completed", "running"]
        with pytest.raises(UsageError, match="a process is working on it; stop it first"):
            remove_runs(listed)
        assert all(run.path.exists() for run in runs)
    remove_runs(list_runs(tmp_path))
    assert not any(run.path.exists() for run in runs)
