"""A run's folder: paths, status, locks."""

import errno
import subprocess
import sys

import pytest

from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir


def test_creating_one_touches_nothing(tmp_path):
    run_dir = RunDir(tmp_path / "run")
    assert not run_dir.path.exists()
    run_dir.make()
    assert {path.name for path in run_dir.path.iterdir()} == {"figures", "predictions", "checkpoints"}


def test_its_name_is_what_one_would_type(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(RunDir(tmp_path / "outputs" / "run")) == "outputs/run"
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    assert str(RunDir(tmp_path / "outputs" / "run")) == str(tmp_path / "outputs" / "run")


def test_a_status_keeps_what_is_not_given(tmp_path):
    run_dir = RunDir(tmp_path)
    assert run_dir.read_status() is None
    run_dir.write_status("running", 3, 30)
    run_dir.write_status("failed", error="why")
    status = run_dir.read_status()
    assert status is not None
    assert (status.status, status.epoch, status.step, status.error) == ("failed", 3, 30, "why")
    assert status.updated.tzinfo is not None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"status": "dancing", "updated": "2026-01-01T00:00:00+00:00"}'])
def test_a_damaged_status_is_none(text, tmp_path):
    run_dir = RunDir(tmp_path)
    run_dir.status.write_text(text)
    assert run_dir.read_status() is None


def test_a_status_is_written_into_the_space_that_it_has_on_a_full_disk(tmp_path, monkeypatch):
    run_dir = RunDir(tmp_path)
    run_dir.write_status("running", 3, 30)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("akshar.runs.run_dir.write_json", full)
    run_dir.write_status("failed")
    status = run_dir.read_status()
    assert status is not None
    assert (status.status, status.step) == ("failed", 30)
    with pytest.raises(OSError, match="No space"):
        RunDir(tmp_path / "new").write_status("failed")


def test_files_that_were_left_half_written_are_removed(tmp_path):
    run_dir = RunDir(tmp_path)
    run_dir.make()
    partial = [tmp_path / ".result.json.partial", run_dir.checkpoints / ".best.ckpt.partial"]
    for path in partial:
        path.write_text("half")
    run_dir.clear_partial()
    assert not any(path.exists() for path in partial)


def test_a_run_is_locked_by_one_process_and_released_when_it_dies(tmp_path):
    run_dir = RunDir(tmp_path)
    run_dir.write_status("running")  # by a process that was killed
    assert not run_dir.is_locked()
    code = (
        "import pathlib, sys\nfrom akshar.runs.run_dir import RunDir\n"
        "with RunDir(pathlib.Path(sys.argv[1])).locked():\n    print('locked', flush=True)\n    sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        assert run_dir.is_locked()
        with (
            pytest.raises(UsageError, match=rf"process {other.pid} on .* is working on this run"),
            run_dir.locked(),
        ):
            pass
    finally:
        other.kill()
        other.wait()
    assert not run_dir.is_locked()
    with run_dir.locked():
        assert run_dir.holder.exists()
    assert not run_dir.holder.exists()
