"""The runs below a folder."""

import json
import shutil

import pytest
from small_files import change_json, finished_run, old_run

from akshar.errors import UsageError
from akshar.runs import index_file
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


@pytest.fixture
def reads(monkeypatch):
    """The runs whose records were read; a change counts as soon as it is made."""
    monkeypatch.setattr(index_file, "SETTLED", -(10**9))
    read: list[str] = []
    read_status = RunDir.read_status
    monkeypatch.setattr(RunDir, "read_status", lambda self: read.append(self.path.name) or read_status(self))
    return read


def rows(root):
    return {run.run_dir.path.name: (run.status, run.size, run.test_accuracy, run.name) for run in list_runs(root)}


def test_what_has_not_changed_is_not_read_again(tmp_path, reads):
    for name in "abc":
        finished_run(tmp_path / name)
    reads.clear()
    first = list_runs(tmp_path)
    assert sorted(reads) == ["a", "b", "c"]
    reads.clear()
    again = list_runs(tmp_path)
    assert not reads
    assert [vars(run) | {"run_dir": run.run_dir.path} for run in again] == [
        vars(run) | {"run_dir": run.run_dir.path} for run in first
    ]


def test_a_run_that_was_changed_moved_removed_or_resumed_is_shown_as_it_is(tmp_path, reads):
    runs = {name: finished_run(tmp_path / "sweep" / name) for name in "abcde"}
    before = rows(tmp_path)
    (runs["a"].figures / "new.png").write_bytes(b"12345")
    shutil.rmtree(runs["b"].path)
    runs["c"].path.rename(tmp_path / "moved")
    change_json(runs["d"].result, schema_version=99)
    runs["e"].write_status("running", 7)
    finished_run(runs["a"].figures / "inner")
    reads.clear()
    after = rows(tmp_path)
    assert sorted({*reads}) == ["a", "d", "e", "inner", "moved"]
    assert after["a"][1] >= before["a"][1] + 5
    assert after["moved"] == before["c"]
    assert after["d"][2] is None
    assert after["e"][0] == DIED
    assert {*after} == {"a", "d", "e", "inner", "moved"}
    with runs["e"].locked():
        (runs["e"].checkpoints / "more").write_bytes(b"x" * 1000)
        assert rows(tmp_path)["e"][:2] == ("running", after["e"][1] + 1000 + runs["e"].holder.stat().st_size)
    runs["e"].write_status("completed")
    assert rows(tmp_path)["e"][0] == "completed"


def test_what_changed_just_now_is_looked_at_again(tmp_path, reads, monkeypatch):
    monkeypatch.undo()
    run_dir = finished_run(tmp_path / "run")
    list_runs(tmp_path)
    assert index_file.read_index(tmp_path) == {}
    assert run_dir.path.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1}', b"[" * 100_000, b"\xff"])
def test_a_damaged_index_is_made_again(content, tmp_path, reads):
    finished_run(tmp_path / "run")
    before = rows(tmp_path)
    index_file.index_path(tmp_path).write_bytes(content)
    assert rows(tmp_path) == before
    assert "run" in index_file.read_index(tmp_path)


@pytest.mark.parametrize("row", [None, 1, [], ["x", [], [], []], {"a": 1}, [["x"], None, 3, 4]])
def test_a_damaged_row_is_read_again(row, tmp_path, reads):
    run_dir = finished_run(tmp_path / "run")
    before = rows(tmp_path)
    (digest, *others) = index_file.read_index(tmp_path)["run"]
    for damaged in (row, [digest, *others[:-1], row]):
        index_file.write_index(tmp_path, {"run": damaged})
        assert rows(tmp_path) == before
    assert run_dir.path.exists()


def test_without_a_cache_that_can_be_written_runs_are_listed_too(tmp_path, reads, monkeypatch):
    finished_run(tmp_path / "runs" / "run")
    (tmp_path / "file").touch()
    monkeypatch.setenv("AKSHAR_CACHE", str(tmp_path / "file"))
    assert [*rows(tmp_path / "runs")] == ["run"]


def test_a_folder_from_elsewhere_is_listed_from_its_files_alone(tmp_path, reads):
    """An index in the folder itself would say what its author likes."""
    finished_run(tmp_path / "mine" / "run")
    list_runs(tmp_path / "mine")
    shutil.copytree(tmp_path / "mine", tmp_path / "theirs")
    (tmp_path / "theirs" / "loop").symlink_to(tmp_path / "theirs")
    change_json(tmp_path / "theirs" / "run" / "status.json", status="failed")
    reads.clear()
    assert [status for status, *_ in rows(tmp_path / "theirs").values()] == ["failed"]
    assert reads == ["run"]


def test_the_work_grows_with_what_changed_not_with_what_lies_there(tmp_path, reads):
    for number in range(60):
        run_dir = RunDir(tmp_path / str(number))
        run_dir.make()
        run_dir.write_status("failed")
    list_runs(tmp_path)
    reads.clear()
    RunDir(tmp_path / "30").write_status("completed")
    reads.clear()
    list_runs(tmp_path)
    assert {*reads} == {"30"}
