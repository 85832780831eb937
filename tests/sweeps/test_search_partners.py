"""A search shared by processes of which some die, and one whose journal is damaged or lost."""

import json
import signal
import subprocess
import sys

import pytest
import yaml
from hydra.core.utils import JobReturn, JobStatus
from optuna.trial import TrialState
from sweep_files import write_run

from akshar.cli import main
from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir
from akshar.sweeps.search import SearchConfig, run_search
from akshar.sweeps.space import split_overrides
from akshar.sweeps.study import PRUNER, SharedStudy, open_study
from akshar.sweeps.sweep_dir import CLAIM, JOURNAL
from akshar.sweeps.workers import StopFile

WORDS = ["optimizer.lr=interval(0.1,0.2)", "model=choice(a,b)", "seed=3"]
CONFIG = SearchConfig(
    trials=3, n_parallel=1, objective="val_loss", direction=None, sampler="random", seed=1, pruner="none"
)
PARTNER = """
import pathlib, sys, time
from akshar.sweeps.space import split_overrides
from akshar.sweeps.study import SharedStudy
sweep = pathlib.Path(sys.argv[1])
study = SharedStudy(sweep, split_overrides(sys.argv[2:])[1], objective="val_loss", direction=None, sampler="random",
                    pruner="none", seed=1)
trial = study.ask(up_to=9)
print(trial.number, flush=True)
time.sleep(600)
"""


def shared(sweep):
    settings = {"objective": "val_loss", "direction": None, "sampler": "random", "pruner": "none", "seed": 1}
    return SharedStudy(sweep, split_overrides(WORDS)[1], **settings)


@pytest.fixture
def partner(tmp_path):
    """Starts another process that works on trial 0 of the search; it never ends by itself."""
    started = []

    def start(script=PARTNER):
        process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), *WORDS], stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == b"0\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


class Launcher:
    """Writes what a trial leaves, in place of training; `before` is called with the number of each job."""

    def __init__(self, sweep, before=lambda number: None):
        self.sweep, self.before = sweep, before
        self.ran, self.tested = [], []

    def __call__(self, jobs, first):
        returned = []
        for number, words in enumerate(jobs, start=first):
            self.before(number)
            (self.tested if "test=true" in words else self.ran).append(number)
            run = write_run(self.sweep / str(number), {}, val_loss=0.5 + number)
            (run.path / ".hydra").mkdir(exist_ok=True)
            (run.path / ".hydra" / "overrides.yaml").write_text(yaml.safe_dump(words))
            run.history.write_text(f"epoch,loss/val\n1,{0.9 + number}\n2,{0.5 + number}\n")
            returned.append(JobReturn(status=JobStatus.COMPLETED))
        return returned


def test_the_trial_of_a_partner_that_is_killed_is_taken_up_and_the_best_tested(tmp_path, partner, fault):
    other = partner()

    def kill_once(number):
        if other.poll() is None:
            other.send_signal(signal.SIGKILL)
            other.wait()

    launcher = Launcher(tmp_path, before=kill_once)
    run_search(WORDS, tmp_path, CONFIG, launcher)
    assert launcher.ran == [1, 0, 2]
    assert launcher.tested == [0]
    assert {trial.state for trial in open_study(tmp_path).trials} == {TrialState.COMPLETE}
    fault(
        "SIGKILL of one of two processes that share a search, inside a trial",
        "the other takes the trial up, and tests the best one when all have ended",
    )


def test_the_best_is_left_to_a_partner_that_is_alive(tmp_path, partner, caplog):
    partner()
    launcher = Launcher(tmp_path)
    run_search(WORDS, tmp_path, CONFIG, launcher)
    assert (launcher.ran, launcher.tested) == ([1, 2], [])


def test_a_stop_that_was_asked_for_outlives_those_who_join(tmp_path, partner, fault):
    other = partner()
    StopFile(tmp_path).request(signal.SIGTERM)
    launcher = Launcher(tmp_path)
    run_search(WORDS, tmp_path, CONFIG, launcher)
    assert not launcher.ran
    assert StopFile(tmp_path).requested() == signal.SIGTERM
    other.kill()
    other.wait()
    run_search(WORDS, tmp_path, CONFIG, launcher)  # all have stopped, so this is a new start
    assert (launcher.ran, launcher.tested) == ([0, 1, 2], [0])
    fault("a process joins a search that was asked to stop", "it does nothing; the others still stop")


def test_a_trial_whose_job_fails_before_its_run_counts_as_failed(tmp_path, caplog):
    working = Launcher(tmp_path)

    def launch(jobs, first):
        if first == 1:
            failure = JobReturn(status=JobStatus.FAILED)
            failure.return_value = OSError("no such place\nmore")
            return [failure]
        return working(jobs, first)

    run_search(WORDS, tmp_path, CONFIG, launch)
    states = [trial.state for trial in open_study(tmp_path).trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE]
    assert working.tested == [0]
    assert "trial 1: no such place" in caplog.text


def test_a_trial_that_was_only_half_drawn_gets_the_values_that_it_would_have_had(tmp_path):
    for sweep in ("whole", "half"):
        (tmp_path / sweep).mkdir()
    whole = shared(tmp_path / "whole").ask(up_to=1)
    study = shared(tmp_path / "half")
    study.study.ask({"optimizer.lr": study.space["optimizer.lr"]})
    (half,) = shared(tmp_path / "half").adopt_abandoned()
    assert half.params == whole.params
    assert [trial.params for trial in open_study(tmp_path / "half").trials] == [whole.params]


def test_a_line_that_a_killed_process_left_half_written_is_dropped(tmp_path, fault):
    launcher = Launcher(tmp_path)
    run_search(WORDS, tmp_path, CONFIG, launcher)
    journal = tmp_path / JOURNAL
    whole = journal.read_bytes()
    for torn in (b'{"op_code": 4, "stud', b"\0\0\0", b'{"op_code":4}'):
        journal.write_bytes(whole + torn)
        assert len(open_study(tmp_path).trials) == 3
        shared(tmp_path)
        lines = journal.read_bytes()
        assert lines.startswith(whole)
        assert not lines[len(whole) :].startswith(torn)
        assert [json.loads(line)["op_code"] for line in lines.splitlines()]
    fault("`study.journal` torn in its last line by a kill", "the line is dropped, the search goes on")


def test_a_process_killed_while_it_writes_the_journal_holds_nobody_up(tmp_path, partner):
    locking = "from akshar.sweeps.journal import JournalLock\nlock = JournalLock(sweep / 'study.journal')\n"
    script = PARTNER.replace("print(", f"{locking}lock.acquire()\nprint(")
    other = partner(script)
    other.kill()
    other.wait()
    assert [trial.number for trial in shared(tmp_path).adopt_abandoned()] == [0]


def test_a_damaged_journal_is_named_and_the_study_rebuilt_without_it(tmp_path, capfd, monkeypatch, fault):
    monkeypatch.chdir(tmp_path)
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    run_search(WORDS, sweep, CONFIG, Launcher(sweep))
    for number, status in ((3, "pruned"), (4, "interrupted"), (6, "diverged")):
        run = write_run(sweep / str(number), {}, status)
        (run.path / ".hydra").mkdir()
        (run.path / ".hydra" / "overrides.yaml").write_text(f"[model=b, optimizer.lr=0.1{number}]")
    before = open_study(sweep).trials
    journal = sweep / JOURNAL
    content = journal.read_bytes()
    for damage in (content.replace(b'{"op_code":4', b'{"op_c\0de":4', 1), b"[]\n" + content, content[200:], b""):
        journal.write_bytes(damage)
        capfd.readouterr()
        assert main(["sweep", "sweep"]) == 2
        said = capfd.readouterr()
        (line,) = said.err.splitlines()
        assert "sweep/study.journal: not a study, or damaged" in line
        assert "delete it and repeat the search's command with  sweep.resume=sweep" in line
        assert "val loss" in said.out
    journal.write_bytes(b"[]\n" + content)
    with pytest.raises(UsageError, match="delete it and repeat"):
        shared(sweep)
    journal.unlink()
    launcher = Launcher(sweep)
    run_search(WORDS, sweep, SearchConfig(**{**vars(CONFIG), "trials": 8}), launcher)
    after = open_study(sweep).trials
    assert [(trial.params, trial.value) for trial in after[:3]] == [(trial.params, trial.value) for trial in before]
    assert after[1].intermediate_values == {1: 1.9, 2: 1.5}
    states = [trial.state.name for trial in after]
    assert states == ["COMPLETE"] * 3 + ["PRUNED", "COMPLETE", "FAIL", "FAIL", "COMPLETE"]
    assert after[4].params == {"optimizer.lr": 0.14, "model": "b"}
    assert (launcher.ran, launcher.tested) == ([4, 7], [0])
    fault(
        "`study.journal` damaged in the middle, or lost",
        "one line names it; deleted, the same command rebuilds the study from the folders of the trials",
    )


def test_the_course_of_a_module_of_one_s_own_is_rebuilt_by_the_name_that_it_logs(tmp_path):
    run = write_run(tmp_path / "0", {}, "pruned")
    (run.path / ".hydra").mkdir()
    (run.path / ".hydra" / "overrides.yaml").write_text("[optimizer.lr=0.1, model=a]")
    run.history.write_text("epoch,loss/val,val_loss\n1,,0.5\n2,,\n3,,0.25\n")
    (trial,) = shared(tmp_path).study.trials
    assert trial.intermediate_values == {1: 0.5, 3: 0.25}


def test_a_folder_with_other_runs_is_no_search_to_rebuild(tmp_path):
    run = write_run(tmp_path / "0", {})
    with pytest.raises(UsageError, match="0: holds a run that is not a trial of this search"):
        shared(tmp_path)
    (tmp_path / JOURNAL).unlink()
    (run.path / ".hydra").mkdir()
    (run.path / ".hydra" / "overrides.yaml").write_text("[optimizer.lr=0.1, model=a]")
    (run.path / CLAIM).write_text("a job of a grid")
    with pytest.raises(UsageError, match="it belongs to a grid"):
        shared(tmp_path)
    (tmp_path / JOURNAL).unlink()
    (run.path / CLAIM).unlink()
    assert [trial.params for trial in shared(tmp_path).study.trials] == [{"optimizer.lr": 0.1, "model": "a"}]


def test_a_grid_in_the_folder_of_a_search_is_refused(tmp_path, monkeypatch, refused):
    run_search(WORDS, tmp_path, CONFIG, Launcher(tmp_path))
    (line,) = refused("train", "-m", "data=glyphs", "seed=1,2", f"hydra.sweep.dir={tmp_path}")
    assert "holds a search; choose another folder for a grid" in line


def test_what_a_study_of_somebody_else_names_is_not_run(tmp_path, monkeypatch, fault):
    monkeypatch.chdir(tmp_path)
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    run_search(WORDS, sweep, CONFIG, Launcher(sweep))
    study = open_study(sweep)
    study.set_user_attr(PRUNER, {"_target_": "os.system", "command": f"touch {tmp_path / 'harm'}"})
    assert main(["sweep", "sweep"]) == 0
    assert (sweep / "study.png").exists()
    assert not (tmp_path / "harm").exists()
    assert RunDir(sweep / "0").read_status().status == "completed"
    fault("`akshar sweep` of a search whose journal names `os.system` as its pruner", "nothing is run")
