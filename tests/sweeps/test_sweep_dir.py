"""The folder of a sweep: found, locked, and divided among its jobs."""

import pytest

from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir
from akshar.sweeps.sweep_dir import (
    CLAIM,
    JOURNAL,
    claimed_config,
    find_sweep,
    is_search,
    job_dir,
    locked,
    override_keys,
    own_dir,
    read_choices,
    runs_of,
    write_choices,
)


def claim(sweep, preferred, key):
    return job_dir(RunDir(sweep / preferred), key).path.name


def test_a_job_gets_its_earlier_folder_else_the_preferred_else_a_new_one(tmp_path):
    assert claim(tmp_path, "0", "a") == "0"
    assert claim(tmp_path, "1", "a") == "0"
    assert claim(tmp_path, "0", "b") == "1"
    assert claim(tmp_path, "5", "c") == "5"
    assert claim(tmp_path, "0", "d") == "6"
    assert (tmp_path / "6" / CLAIM).read_text() == "d"


def test_a_job_whose_data_cannot_be_read_keeps_to_its_own_folder(tmp_path):
    assert claim(tmp_path, "0", "a-1") == "0"
    assert claim(tmp_path, "0", "b-") == "1"  # never the folder of another job
    assert claim(tmp_path, "5", "b-2") == "1"  # its data can be read again
    assert (tmp_path / "1" / CLAIM).read_text() == "b-2"
    assert claim(tmp_path, "5", "a-") == "0"
    assert (tmp_path / "0" / CLAIM).read_text() == "a-1"
    assert claim(tmp_path, "0", "a-3") == "2"  # the same config on other data
    assert claim(tmp_path, "9", "a-") == "0"
    assert [claimed_config(tmp_path / name) for name in ("0", "1", "2", "3")] == ["a", "b", "a", ""]


def test_claims_of_earlier_versions_are_known(tmp_path):
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / CLAIM).write_text("1")
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / CLAIM).write_text("")  # of a process killed in between
    assert claim(tmp_path, "1", "a-1") == "0"
    assert (tmp_path / "0" / CLAIM).read_text() == "a-1"
    assert claim(tmp_path, "1", "b-") == "2"


def test_a_job_finds_its_own_folder_without_a_look_at_the_others(tmp_path, monkeypatch):
    for number in range(5):
        claim(tmp_path, str(number), f"{number}-data{number}")

    def own(folder, key):
        return own_dir(RunDir(tmp_path / folder), key).path.name

    assert own("4", "9-data9") == "5"  # another job has claimed it meanwhile
    monkeypatch.setattr("akshar.sweeps.sweep_dir.Claims", None)
    assert own("3", "3-data3") == "3"
    assert own("named", "6-") == own("named", "6-data6") == "named"
    assert (tmp_path / "named" / CLAIM).read_text() == "6-data6"


def test_runs_are_ordered_by_number_then_by_name(tmp_path):
    for name in ("10", "9", "b", "a"):
        RunDir(tmp_path / name).make()
        RunDir(tmp_path / name).write_status("completed")
    (tmp_path / "11").mkdir()
    assert [run.path.name for run in runs_of(tmp_path)] == ["9", "10", "a", "b"]


def test_latest_is_the_newest_sweep(workplace):
    with pytest.raises(UsageError, match="latest: no sweep in outputs/multirun"):
        find_sweep("latest")
    for name in ("2026-01-01", "2026-01-02", "2026-01-03"):
        (workplace / "outputs" / "multirun" / name).mkdir(parents=True)
    (workplace / "outputs" / "multirun" / "2026-01-02" / "multirun.yaml").touch()
    assert find_sweep("latest").name == "2026-01-02"
    with pytest.raises(UsageError, match="not the folder of a sweep"):
        find_sweep("outputs/multirun/2026-01-03")
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        find_sweep("nowhere")


def test_the_keys_of_the_last_command(tmp_path):
    assert override_keys(tmp_path) is None
    (tmp_path / "multirun.yaml").write_text("hydra: {overrides: {task: [seed=1, 'model.widths=[8,16]']}}")
    assert override_keys(tmp_path) == {"seed", "model.widths"}
    (tmp_path / "multirun.yaml").write_text("hydra: {}")
    assert override_keys(tmp_path) is None


def test_choices_are_recorded_without_hydra_s_own(tmp_path):
    assert read_choices(tmp_path) == {}
    write_choices(tmp_path, {"model": "compact", "hydra/launcher": "basic", "debug": None})
    assert read_choices(tmp_path) == {"model": "compact"}


def test_a_second_lock_is_refused(tmp_path):
    refusal = pytest.raises(UsageError, match="another sweep is running in this folder")
    with locked(tmp_path / "sweep"), refusal, locked(tmp_path / "sweep"):
        pass
    with locked(tmp_path / "sweep"):
        pass


def test_a_search_is_known_by_its_journal(tmp_path):
    assert not is_search(tmp_path)
    (tmp_path / JOURNAL).touch()
    assert is_search(tmp_path)
