"""A search by Optuna: what it asks, what it is told, that bad trials end early, and that it survives a kill."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import TINY
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from akshar.cli import main
from akshar.errors import UsageError
from akshar.sweeps.space import split_overrides
from akshar.sweeps.study import SharedStudy, open_study

SEARCH = ["hydra/sweeper=akshar_optuna", *TINY, "trainer.max_epochs=4", "optimizer.lr=tag(log,interval(1e-4,1e-1))"]
SEARCH += [
    "model.dropout=choice(0.0,0.2)",
    "hydra.sweeper.search.pruner={_target_:optuna.pruners.MedianPruner,n_startup_trials:2}",
]


def test_hydra_s_grammar_becomes_a_space():
    fixed, space = split_overrides(
        [
            "seed=3",
            "optimizer.lr=tag(log,interval(1e-4,1e-1))",
            "model.dropout=interval(0,0.5)",
            "a=range(2,9,2)",
            "b=x,y",
        ]
    )
    assert fixed == ["seed=3"]
    assert space == {
        "optimizer.lr": FloatDistribution(1e-4, 1e-1, log=True),
        "model.dropout": FloatDistribution(0, 0.5),
        "a": IntDistribution(2, 8, step=2),
        "b": CategoricalDistribution(["x", "y"]),
    }


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("optimizer.lr=interval(1,0.1)", "the start of an interval must be below its end"),
        ("optimizer.lr=tag(log,interval(0,0.1))", "must start above 0"),
        ("seed=range(5,1)", "a range must ascend"),
        ("seed=1", "nothing to search"),
    ],
)
def test_a_space_that_cannot_be_searched_is_said(word, message):
    with pytest.raises(UsageError, match=message):
        split_overrides([word])


@pytest.mark.slow
def test_a_search_prunes_keeps_its_study_and_tests_the_winner_alone(workplace, capfd):
    assert main(["train", "-m", *SEARCH, "hydra.sweeper.search.trials=5", "hydra.sweep.dir=sweep"]) == 0
    study = open_study(workplace / "sweep")
    assert [trial.number for trial in study.trials] == list(range(5))
    results = {
        int(path.parent.name): json.loads(path.read_text()) for path in workplace.glob("sweep/*/result.json")
    }
    for trial in study.trials:
        status = json.loads((workplace / "sweep" / str(trial.number) / "status.json").read_text())["status"]
        assert (trial.state, status) in ((TrialState.COMPLETE, "completed"), (TrialState.PRUNED, "pruned"))
        if trial.state == TrialState.COMPLETE:
            result = results[trial.number]
            assert trial.value == result["best"]["val_loss"]
            assert result["config"]["optimizer"]["lr"] == pytest.approx(trial.params["optimizer.lr"])
            assert (result["test"] is not None) == (trial.number == study.best_trial.number)
    # The same line again has nothing to do; another space is refused.
    capfd.readouterr()
    assert main(["train", "-m", *SEARCH, "hydra.sweeper.search.trials=5", "sweep.resume=sweep"]) == 0
    assert len(open_study(workplace / "sweep").trials) == 5
    assert main(["train", "-m", *SEARCH, "seed=1,2", "sweep.resume=sweep"]) == 2
    assert "the study was started with another space" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["hydra.sweeper.search.sampler={_target_:optuna.samplers.Nope}"], "hydra.sweeper.search.sampler: "),
        (["hydra.sweeper.search.sampler=genetic"], "must be one of tpe, random, grid, cmaes"),
        (["hydra.sweeper.search.sampler=grid"], "optimizer.lr needs values"),
        (["hydra.sweeper.search.pruner=harsh"], "must be one of median, hyperband, none"),
        (["hydra.sweeper.search.trials=0"], "must be an integer from 1"),
        (["hydra.sweeper.search.direction=up"], "must be one of null, minimize, maximize"),
        (["hydra.sweeper.search.objective=speed"], "must be one of val_loss, val_accuracy"),
        (["hydra/sweeper=akshar_optun"], "did you mean akshar_optuna?"),
        (["optimizer.lr=interval(0.1,0.01)"], "the start of an interval must be below its end"),
    ],
)
def test_what_cannot_be_searched_with_is_said(words, message, refused, workplace):
    lines = refused("train", "-m", *SEARCH, *words)
    assert any(message in line for line in lines), lines


@pytest.mark.slow
def test_two_processes_share_a_study(workplace):
    words = [*SEARCH, "hydra.sweep.dir=sweep", "hydra.sweeper.search.trials=9"]
    command = [sys.executable, "-m", "akshar", "train", "-m", *words]
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]
    said = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    study = open_study(workplace / "sweep")
    assert [trial.number for trial in study.trials] == list(range(9))
    assert len({trial.params["optimizer.lr"] for trial in study.trials}) == 9
    statuses = [json.loads(path.read_text()) for path in workplace.glob("sweep/*/status.json")]
    assert {status["pid"] for status in statuses} == {process.pid for process in both}
    tested = [path for path in workplace.glob("sweep/*/result.json") if json.loads(path.read_text())["test"]]
    assert [path.parent.name for path in tested] == [str(study.best_trial.number)]


@pytest.mark.slow
def test_a_partner_that_is_killed_is_not_waited_for(workplace):
    words = [*SEARCH, "hydra.sweep.dir=sweep", "hydra.sweeper.search.trials=12", "hydra.sweeper.search.pruner=none"]
    command = [sys.executable, "-m", "akshar", "train", "-m", *words]
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    both = [subprocess.Popen(command, **quiet) for _ in range(2)]

    def workers():
        return {json.loads(path.read_text())["pid"] for path in workplace.glob("sweep/*/status.json")}

    try:
        while workers() != {process.pid for process in both}:
            assert both[0].poll() is None
            time.sleep(0.01)
        both[0].kill()
        assert both[1].wait(300) == 0
    finally:
        for process in both:
            process.kill()
            process.wait()
    study = open_study(workplace / "sweep")
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}
    assert len(study.trials) == 12
    tested = [path for path in workplace.glob("sweep/*/result.json") if json.loads(path.read_text())["test"]]
    assert [path.parent.name for path in tested] == [str(study.best_trial.number)]


@pytest.mark.slow
@pytest.mark.parametrize(("sampler", "pruner"), [("random", "hyperband"), ("cmaes", "none"), ("grid", "median")])
def test_samplers_and_pruners_by_name(sampler, pruner, workplace):
    words = [word for word in SEARCH if not word.startswith(("optimizer.lr", "hydra.sweeper.search.pruner"))]
    space = {"grid": ["optimizer.lr=0.001,0.01"]}.get(sampler, ["optimizer.lr=interval(0.001,0.01)"])
    names = [f"hydra.sweeper.search.{part}={name}" for part, name in (("sampler", sampler), ("pruner", pruner))]
    more = ["hydra.sweeper.search.trials=5", "hydra.sweep.dir=sweep", "test=false", "trainer.max_epochs=2"]
    assert main(["train", "-m", *words, *space, *names, *more]) == 0
    trials = open_study(workplace / "sweep").trials
    assert len(trials) == (4 if sampler == "grid" else 5)
    drawn = [tuple(trial.params.values()) for trial in trials]
    assert len({*drawn}) == len(drawn)  # the grid's four, each once
    assert (workplace / "sweep" / "study.png").exists()


def test_a_search_that_goes_on_draws_what_it_would_have_drawn(tmp_path):
    _, space = split_overrides(["optimizer.lr=tag(log,interval(1e-4,1e-1))", "model.dropout=interval(0,0.5)"])

    def drawn(name, stops):
        (tmp_path / name).mkdir()
        params = []
        for number in range(12):
            if number in (0, *stops):
                settings = {
                    "objective": "val_loss",
                    "direction": None,
                    "sampler": "tpe",
                    "pruner": "none",
                    "seed": 1,
                }
                study = SharedStudy(tmp_path / name, space, **settings)
            trial = study.ask(up_to=12)
            params.append(trial.params)
            study.tell(trial.number, trial.params["optimizer.lr"], TrialState.COMPLETE)
        assert study.ask(up_to=12) is None
        return params

    assert drawn("whole", ()) == drawn("stopped", (1, 5, 11))


@pytest.mark.slow
def test_a_search_killed_inside_a_trial_goes_on_to_twenty(workplace, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))
    monkeypatch.setenv("TRACE", os.devnull)
    monkeypatch.syspath_prepend(os.path.dirname(__file__))
    words = [*SEARCH, "hydra.sweep.dir=sweep", "callbacks.trace._target_=bomb.Trace", "checkpoint.every_n_steps=4"]
    command = [sys.executable, "-m", "akshar", "train", "-m", *words]
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    process = subprocess.Popen(command, start_new_session=True, **quiet)
    fourth = workplace / "sweep" / "3" / "checkpoints" / "last.ckpt"
    while not fourth.exists():
        assert process.poll() is None
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert open_study(workplace / "sweep").trials[3].state == TrialState.RUNNING
    assert main(["train", "-m", *words]) == 0
    study = open_study(workplace / "sweep")
    assert [trial.number for trial in study.trials] == list(range(20))
    assert not study.get_trials(states=(TrialState.RUNNING,))
    assert (workplace / "sweep" / "3" / "provenance.json").read_text().count('"step"') == 1  # taken up, once
    best = workplace / "sweep" / str(study.best_trial.number) / "result.json"
    assert main(["train", f"repeat={best}", "--trust", "bomb"]) == 0
