"""A search over PostgreSQL whose processes are killed, and whose database is restarted."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import optuna
import psycopg
import pytest
from conftest import TINY
from optuna.trial import TrialState
from sqlalchemy import Engine, event

from akshar.cli import main
from akshar.runs.run_dir import RunDir
from akshar.sweeps.database import VARIABLE
from akshar.sweeps.space import split_overrides
from akshar.sweeps.study import SharedStudy, open_study
from akshar.sweeps.study_locks import DatabaseLocks

pytestmark = pytest.mark.slow

SEARCH = [
    *("hydra/sweeper=akshar_optuna", *TINY),
    *("optimizer.lr=tag(log,interval(1e-4,1e-1))", "model.dropout=choice(0.0,0.2)"),
    *("hydra.sweeper.search.trials=12", "hydra.sweeper.search.sampler=random", "hydra.sweeper.search.pruner=none"),
    *("trainer.max_epochs=1", "checkpoint.every_n_steps=4", "logger=none"),
]

# A process as on a host of its own, whose file locks nobody else sees
ON_A_HOST_OF_ITS_OWN = """
import os, socket, sys
import filelock
name = f"host{os.getpid()}"
socket.gethostname = lambda: name
filelock.FileLock._acquire = lambda self: setattr(self._context, "lock_file_fd", os.open(os.devnull, os.O_RDWR))
from akshar.runs import heartbeat
heartbeat.BEAT, heartbeat.SILENCE = 0.2, 4.0
from akshar.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def url(postgresql, monkeypatch):
    """URL of a new database, whose password the environment has."""
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    monkeypatch.delenv(VARIABLE, raising=False)
    return postgresql.database()


def statuses(sweep):
    return {int(path.parent.name): json.loads(path.read_text()) for path in sweep.glob("*/status.json")}


def results_of(sweep):
    return {int(path.parent.name): json.loads(path.read_text()) for path in sweep.glob("*/result.json")}


def trials_of(study):
    return [(trial.number, trial.params, trial.value, trial.state) for trial in study.trials]


def test_a_lock_that_is_lost_with_its_connection_is_taken_again_by_who_works_on_the_trial(
    workplace, url, postgresql, fault
):
    _, space = split_overrides(["optimizer.lr=interval(0.1,0.2)"])
    settings = {"objective": "val_loss", "direction": None, "sampler": "random", "pruner": "none", "seed": 1}
    first, second = (SharedStudy(workplace, space, **settings, storage=url) for _ in range(2))
    other = DatabaseLocks(url, "another study", workplace)
    assert first.ask(up_to=2).number == 0
    assert [locks.take(0) for locks in (second._locks, other)] == [False, True]
    with RunDir(workplace / "0").locked(), psycopg.connect(dsn(url), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        assert second.adopt_abandoned() == []  # it waits until the first has taken it again
        assert not second._locks.take(0)
    postgresql.stop()
    threading.Timer(1, postgresql.start).start()
    first.tell(0, 0.5, TrialState.COMPLETE)
    assert second.ask(up_to=2).number == 1
    assert second.ask(up_to=2) is None
    assert [trial.number for trial in first.held_by_others()] == [1]
    fault(
        "a process of a search over PostgreSQL loses its connection inside a trial",
        "it takes the lock of the trial again; the others leave the trial to it",
    )


def test_a_connection_that_is_lost_while_trials_are_read_is_made_again(workplace, url, postgresql, fault):
    _, space = split_overrides(["optimizer.lr=interval(0.1,0.2)"])
    settings = {"objective": "val_loss", "direction": None, "sampler": "random", "pruner": "none", "seed": 1}
    first, second = (SharedStudy(workplace, space, **settings, storage=url) for _ in range(2))
    assert [first.ask(up_to=3).number for _ in range(2)] == [0, 1]
    ended = []

    def end_connection(connection, cursor, statement, *_):
        if "FROM trial_values" in statement and not ended:
            ended.append(connection.connection.dbapi_connection.info.backend_pid)
            with psycopg.connect(dsn(url), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", ended)

    event.listen(Engine, "before_cursor_execute", end_connection)
    try:
        assert second.ask(up_to=3).number == 2
    finally:
        event.remove(Engine, "before_cursor_execute", end_connection)
    assert ended
    fault(
        "a process of a search over PostgreSQL loses its connection while it reads the trials",
        "it connects and reads again, also where Optuna's second attempt on the lost connection fails",
    )


def dsn(url):
    return url.replace("+psycopg", "")


def test_a_search_with_three_kills_and_a_restart_of_the_database_ends_as_an_undisturbed_one(
    workplace, url, postgresql, fault
):
    assert main(["train", "-m", *SEARCH, "hydra.sweep.dir=alone"]) == 0
    sweep = workplace / "sweep"
    words = [*SEARCH, "hydra.sweep.dir=sweep", f"hydra.sweeper.search.storage=${{oc.env:{VARIABLE}}}"]
    environment = {**os.environ, VARIABLE: url.replace("akshar@", f"akshar:{postgresql.password}@")}
    del environment["PGPASSWORD"]
    command = [sys.executable, "-c", ON_A_HOST_OF_ITS_OWN, "train", "-m", *words]
    said = (workplace / "said").open("wb")

    def start():
        return subprocess.Popen(command, stdout=said, stderr=said, env=environment)

    working = [start() for _ in range(3)]
    try:
        for wanted in (2, 5, 9):  # trials, of which the newest one's process is killed inside its training
            while True:
                now = statuses(sweep)
                alive = [process.pid for process in working if process.poll() is None]
                assert alive, (workplace / "said").read_text()
                running = [one["pid"] for one in now.values() if one["status"] == "running" and one["step"]]
                running = [pid for pid in running if pid in alive]  # not one that was killed before
                if len(now) > wanted and running:
                    break
                time.sleep(0.1)
            os.kill(running[-1], signal.SIGKILL)
            if wanted == 5:
                postgresql.stop()
                time.sleep(2)
                postgresql.start()
            if wanted != 9:
                working.append(start())
        codes = [process.wait(300) for process in working]
    finally:
        for process in working:
            process.kill()
            process.wait()
    assert sorted(codes) == [-signal.SIGKILL] * 3 + [0] * 2, (workplace / "said").read_text()

    (summary,) = optuna.get_all_study_summaries(url)  # as optuna-dashboard does
    study = optuna.load_study(study_name=summary.study_name, storage=url)
    assert json.loads((sweep / "study.json").read_text()) == {"storage": url, "name": study.study_name}
    assert [trial.number for trial in study.trials] == list(range(12))
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}

    alone = open_study(workplace / "alone")
    assert trials_of(study) == trials_of(alone)
    results = [results_of(folder) for folder in (sweep, workplace / "alone")]
    tested = [[number for number, result in found.items() if result["test"]] for found in results]
    assert tested[0] == tested[1] == [study.best_trial.number]
    for number in range(12):
        assert results[0][number]["best"] == results[1][number]["best"]
    fault(
        "a search over PostgreSQL by processes that see no file locks; three are killed, the database is restarted",
        "12 trials with the values of an undisturbed search by one process; the best one tested once",
    )
    files = [path for path in workplace.rglob("*") if path.is_file()]
    assert not [path for path in files if postgresql.password.encode() in path.read_bytes()]
