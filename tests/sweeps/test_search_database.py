"""A study in a database: its URL, its record in the sweep's folder, and locks that hosts may not share."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import optuna
import pytest
from omegaconf import OmegaConf
from optuna.trial import TrialState
from test_search_partners import CONFIG, WORDS, Launcher, shared

from akshar.cli import main
from akshar.errors import TakenOver, UsageError
from akshar.runs import heartbeat
from akshar.runs.run_dir import RunDir
from akshar.sweeps import database
from akshar.sweeps.claim import Claim
from akshar.sweeps.claim_guard import StopWhenTakenOver
from akshar.sweeps.hosts import check_locks_are_shared
from akshar.sweeps.search import run_search
from akshar.sweeps.study_place import settle_place
from akshar.sweeps.sweep_dir import DATABASE, JOURNAL, is_search

SEARCH = ["hydra/sweeper=akshar_optuna", "data=glyphs", "optimizer.lr=interval(0.1,0.2)", "hydra.sweep.dir=sweep"]
ADDRESS = "postgresql+psycopg://me@127.0.0.1:1/search"


@pytest.fixture(autouse=True)
def no_database(monkeypatch):
    """Name no database before and after a test."""
    monkeypatch.setenv(database.VARIABLE, "")
    monkeypatch.delenv(database.VARIABLE)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "postgresql+psycopg://me:s3cret@host/db",
            "storage=postgresql+psycopg://***@host/db: its password would be",
        ),
        ("postgresql://host/db?password=s3cret", "storage=postgresql://host/db: its password would be seen"),
        ("mysql+nodriver://me:s3cret@host/db", "storage=mysql+nodriver://***@host/db: "),
        ("study.db", "storage=study.db: not the URL of a database, as postgresql+psycopg://HOST/DATABASE"),
        ("sqlite://", "must name a file"),
        ("${oc.env:NOT_SET}", "Environment variable 'NOT_SET' not found"),
    ],
)
def test_a_password_that_is_spelled_out_is_refused(url, message, workplace, refused, fault):
    (line,) = refused("train", "-m", *SEARCH, f"hydra.sweeper.search.storage={url}")
    assert message in line
    assert "s3cret" not in line
    assert not (workplace / "sweep").exists()
    if "would be" in message:
        assert "~/.pgpass" in line
        fault("a database URL that spells its password out", "refused; one line says the way out")


def test_a_password_from_the_environment_is_used_and_not_written(tmp_path, monkeypatch):
    monkeypatch.setenv("OF_MINE", "s3cret")
    for text in ("${oc.env:URL}", "postgresql+psycopg://me:${oc.env:OF_MINE}@127.0.0.1:1/search"):
        monkeypatch.setenv("URL", "postgresql+psycopg://me:s3cret@127.0.0.1:1/search")
        url = database.given_url(OmegaConf.create({"storage": text}))
        assert url == os.environ["URL"]
        settle_place(tmp_path, url)
        assert json.loads((tmp_path / DATABASE).read_text())["storage"] == ADDRESS


def test_a_database_that_stays_away_ends_the_search_with_one_line(workplace, refused, monkeypatch, caplog):
    monkeypatch.setattr("akshar.sweeps.study_locks.START_PATIENCE", 0.1)
    lines = refused("train", "-m", *SEARCH, f"hydra.sweeper.search.storage={ADDRESS}", exit_code=1)
    assert "the database of the search is away" in caplog.text
    assert "Connection refused" in lines[-1]
    assert "repeat the command with  sweep.resume=sweep  to go on" in lines[-1]
    assert "Traceback" not in "".join(lines)


def test_processes_that_start_at_once_agree_on_one_study(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        names = {place.name for place in pool.map(lambda _: settle_place(tmp_path, ADDRESS), range(16))}
    assert names == {json.loads((tmp_path / DATABASE).read_text())["name"]}
    assert sorted(path.name for path in tmp_path.iterdir()) == [DATABASE]


def test_a_folder_says_where_its_study_is_and_only_the_environment_lets_it_be_read(
    workplace, monkeypatch, capfd, fault
):
    sweep, file = workplace / "sweep", workplace / "study.db"
    sweep.mkdir()
    config = replace(CONFIG, storage="sqlite:///study.db")
    launcher = Launcher(sweep)
    run_search(WORDS, sweep, config, launcher)
    assert (launcher.ran, launcher.tested) == ([0, 1, 2], [0])
    assert is_search(sweep)
    assert not (sweep / JOURNAL).exists()
    record = json.loads((sweep / DATABASE).read_text())
    assert record["storage"] == f"sqlite:///{file}"
    study = optuna.load_study(study_name=record["name"], storage=record["storage"])
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}

    assert main(["sweep", "sweep"]) == 0  # in the process of the search
    assert "the search in sweep/study.png" in capfd.readouterr().out
    monkeypatch.delenv(database.VARIABLE)  # in another process
    file.rename(workplace / "moved.db")
    assert main(["sweep", "sweep"]) == 0
    assert f"the study is in sqlite:///{file} ({database.VARIABLE} with this URL" in capfd.readouterr().out
    assert not file.exists()  # nobody connected
    fault("`akshar sweep` of a folder whose files name a database", "it does not connect to it, and says how to")

    for storage, way in ((None, f"give hydra.sweeper.search.storage=sqlite:///{file}"), (ADDRESS, "give hydra")):
        with pytest.raises(UsageError, match="has its study in sqlite:") as caught:
            run_search(WORDS, sweep, replace(CONFIG, storage=storage), launcher)
        assert way in str(caught.value)
    run_search(WORDS, sweep, config, launcher)  # the database was lost
    assert launcher.ran == [0, 1, 2]


def test_a_journal_is_not_continued_in_a_database(tmp_path):
    run_search(WORDS, tmp_path, CONFIG, Launcher(tmp_path))
    with pytest.raises(UsageError, match=r"has its study in .*study.journal; leave it out, or choose another"):
        run_search(WORDS, tmp_path, replace(CONFIG, storage=f"sqlite:///{tmp_path}/study.db"), Launcher(tmp_path))
    assert not (tmp_path / DATABASE).exists()


def test_a_trial_that_another_process_has_taken_over_is_left_alone(tmp_path):
    study = shared(tmp_path)
    number = study.ask(up_to=1).number
    guard = StopWhenTakenOver(Claim(tmp_path, number))
    guard.on_train_batch_end()
    guard.on_validation_end()
    (tmp_path / f".trial-{number}.owner").write_text("another")
    with pytest.raises(TakenOver):
        guard.on_validation_end()
    study.tell(number, 1.0, TrialState.COMPLETE)
    assert [trial.number for trial in study.held_by_others()] == [number]


ELSEWHERE = """
import pathlib, socket, sys
socket.gethostname = lambda: "elsewhere"
from akshar.runs import heartbeat
heartbeat.BEAT = 0.05
{unshared}
from akshar.sweeps.hosts import check_locks_are_shared
check_locks_are_shared(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read()
"""
UNSHARED = "import filelock\nfilelock.FileLock._acquire = lambda self: setattr(self._context, 'lock_file_fd', 1)"


@pytest.mark.parametrize("unshared", ["", UNSHARED])
def test_another_host_whose_file_locks_are_not_seen_is_refused(unshared, tmp_path, monkeypatch, fault):
    monkeypatch.setattr(heartbeat, "BEAT", 0.5)
    code = ELSEWHERE.replace("{unshared}", unshared)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], **pipes)
    try:
        assert other.stdout.readline() == b"ready\n"
        if unshared:
            with pytest.raises(UsageError, match="elsewhere also works on this search, and its file locks"):
                check_locks_are_shared(tmp_path)
            fault(
                "two hosts share a search in a journal, and file locks are local to each",
                "the second is refused; one line names `hydra.sweeper.search.storage=postgresql+psycopg://...`",
            )
        else:
            check_locks_are_shared(tmp_path)
    finally:
        other.kill()
        other.wait()
    check_locks_are_shared(tmp_path)
    assert len([*(tmp_path / ".hosts").glob("*.alive")]) == 1  # what was killed is forgotten


def test_a_run_on_another_host_is_seen_by_its_heartbeat(tmp_path):
    run_dir = RunDir(tmp_path)
    run_dir.holder.write_text("process 7 on elsewhere")
    assert run_dir.is_locked()
    silent = time.time() - 2 * heartbeat.SILENCE
    os.utime(run_dir.holder, (silent, silent))
    assert not run_dir.is_locked()
    with run_dir.locked():
        run_dir.holder.write_text("process 7 on elsewhere")  # who has taken it over
    assert run_dir.holder.exists()
