"""How a job stands, by what its folder and Slurm say, and what was submitted."""

import json
from datetime import UTC, datetime

import pytest

from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir, RunStatus
from akshar.sweeps.slurm.queue import Task
from akshar.sweeps.slurm.settings import SlurmSettings
from akshar.sweeps.slurm.submission import SlurmJob, Submission, commands_of, read_submissions
from akshar.sweeps.states import _of_job, count_states, read_state

SETTINGS = {
    **dict.fromkeys(
        ["cpus_per_task", "gpus_per_node", "mem_gb", "partition", "account", "qos", "constraint", "setup"]
    ),
    "_target_": "any",
    "timeout_min": 240,
    "signal_delay_s": 120,
    "array_parallelism": 16,
    "max_restarts": 3,
    "wait": False,
    "additional_parameters": {},
    "name": "akshar",
}


def submission(**changed):
    values = {
        "name": "akshar-1",
        "overrides": ("seed=1,2", "data.root=a b", "hydra.sweep.dir=/x"),
        "cluster": "one",
        "fail_fast": True,
        "max_restarts": 3,
        "jobs": (
            SlurmJob(folder="0", key="a", words=("seed=1",)),
            SlurmJob(folder="1", key="b", words=("seed=2",)),
        ),
        "submitted": datetime(2026, 1, 1, tzinfo=UTC),
        "array": "7",
    }
    return Submission(**values | changed)


@pytest.mark.parametrize(
    ("recorded", "slurm", "state"),
    [
        (None, "PENDING", "queued"),
        (None, "RUNNING", "running"),
        (None, "CANCELLED", "cancelled"),
        (None, None, "cancelled"),  # Slurm forgets a task that was cancelled while it waited
        (None, "FAILED", "died"),
        ("interrupted", "FAILED", "died"),  # queued again, and failed before it went on
        ("running", "RUNNING", "running"),
        ("running", "PENDING", "requeued"),  # it was killed, or its node was lost
        ("running", "NODE_FAIL", "died"),
        ("running", None, "died"),
        ("interrupted", "PENDING", "requeued"),
        ("interrupted", "RUNNING", "running"),
        ("interrupted", "COMPLETING", "running"),
        ("interrupted", "CANCELLED", "cancelled"),
        ("interrupted", "TIMEOUT", "interrupted"),
        ("failed", "FAILED", "failed"),
        ("failed", "CANCELLED", "failed"),
        ("failed", "PENDING", "queued"),  # submitted again
        ("failed", "RUNNING", "running"),
        ("failed", "COMPLETING", "failed"),
        ("completed", "RUNNING", "completed"),
        ("completed", "PENDING", "completed"),
        ("diverged", None, "diverged"),
    ],
)
def test_the_folder_and_slurm_are_read_together(recorded, slurm, state):
    status = RunStatus(status=recorded, updated=datetime.now(UTC)) if recorded else None
    assert _of_job(status, Task(slurm) if slurm else None, has_log=recorded is not None, is_known=True) == state


def test_where_slurm_cannot_be_asked_the_folder_is_believed():
    assert _of_job(None, None, has_log=False, is_known=False) == "submitted"
    status = RunStatus(status="running", updated=datetime.now(UTC))
    assert _of_job(status, None, has_log=True, is_known=False) == "running"


def test_what_was_submitted_is_read_back_and_damage_is_skipped(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not read_submissions(tmp_path)
    assert commands_of(tmp_path) == []
    written = submission()
    path = written.write(tmp_path)
    (path.parent / "torn.json").write_text(path.read_text()[:40])
    record = json.loads(path.read_text())
    hostile = [{"array": "7; rm -rf /"}, {"name": "../../x"}, {"name": "another"}]
    hostile.append({"jobs": [{"folder": "..", "key": "a", "words": []}]})
    for number, changed in enumerate(hostile):
        values = {"name": f"hostile-{number}"} | changed
        (path.parent / f"hostile-{number}.json").write_text(json.dumps(record | values))
    assert read_submissions(tmp_path) == [written]
    assert commands_of(tmp_path) == [
        f"akshar train -m seed=1,2 'data.root=a b' sweep.fail_fast=true sweep.resume={RunDir(tmp_path)}"
    ]
    state = read_state(tmp_path)
    assert [(job.name, job.state) for job in state.jobs] == [("0", "submitted"), ("1", "submitted")]
    assert not state.is_known
    assert state.is_active


def test_states_are_counted_in_the_order_of_their_meaning():
    assert count_states(["queued", "failed", "running", "completed", "queued"]) == (
        "1 completed, 1 running, 2 queued, 1 failed"
    )


def test_settings_are_checked_by_key():
    assert SlurmSettings.checked(SETTINGS).sbatch_options("a")["mem"] is None
    assert SlurmSettings.checked(SETTINGS | {"mem_gb": 1.5}).sbatch_options("a")["mem"] == "1536M"
    with pytest.raises(UsageError) as caught:
        SlurmSettings.checked(SETTINGS | {"timeout_min": 0, "gpus_per_node": "all", "max_num_timeout": 3})
    assert sorted(caught.value.problems) == [
        "hydra.launcher.gpus_per_node=all: must be a valid integer, unable to parse string as an integer",
        "hydra.launcher.max_num_timeout=3: hydra/launcher=slurm has no such key",
        "hydra.launcher.timeout_min=0: must be greater than or equal to 1",
    ]
    with pytest.raises(UsageError, match=r"signal_delay_s=120: must be less than timeout_min, 120 seconds$"):
        SlurmSettings.checked(SETTINGS | {"timeout_min": 2})
    with pytest.raises(UsageError, match=r"additional_parameters=.*: must not have array, which akshar sets$"):
        SlurmSettings.checked(SETTINGS | {"additional_parameters": {"array": "0-3"}})


def test_a_held_task_does_not_go_on_by_itself():
    assert _of_job(None, Task("PENDING", reason="JobHeldUser"), has_log=False, is_known=True) == "held"


def test_a_run_that_another_process_has_locked_is_noticed(tmp_path):
    run_dir = RunDir(tmp_path)
    with run_dir.locked():
        assert not run_dir.is_taken_over()
        run_dir.holder.write_text("process 1 on elsewhere")
        assert run_dir.is_taken_over()
