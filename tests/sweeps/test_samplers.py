"""Samplers and pruners by name and by `_target_`, and the settings of a search."""

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState
from PIL import Image

from akshar.errors import UsageError
from akshar.sweeps.samplers import PRUNERS, SAMPLERS, grid_of, make_pruner, make_sampler
from akshar.sweeps.search import SearchConfig
from akshar.sweeps.search_plot import draw_search
from akshar.sweeps.space import split_overrides
from akshar.sweeps.study import SharedStudy, open_study

SPACE = {"lr": FloatDistribution(0.001, 0.1, log=True)}
GRID = {"size": IntDistribution(2, 6, step=2), "kind": CategoricalDistribution(["x", "y"])}
SEARCH = {"trials": 3, "n_parallel": 1, "objective": "val_loss", "direction": None, "sampler": "tpe", "seed": 1}


@pytest.mark.parametrize("name", [*SAMPLERS])
def test_every_named_sampler_can_be_built(name):
    assert isinstance(make_sampler(name, 1, 0, GRID), optuna.samplers.BaseSampler)


@pytest.mark.parametrize("name", [*PRUNERS])
def test_every_named_pruner_can_be_built(name):
    assert isinstance(make_pruner(name), optuna.pruners.BasePruner)


def test_a_target_is_instantiated_and_must_be_of_its_kind():
    node = {"_target_": "optuna.samplers.RandomSampler", "seed": 3}
    assert isinstance(make_sampler(node, 1, 0, SPACE), optuna.samplers.RandomSampler)
    with pytest.raises(UsageError, match="must be an Optuna pruner, not RandomSampler"):
        make_pruner(node)
    with pytest.raises(UsageError, match=r"search.sampler=genetic: must be one of tpe, random, grid, cmaes"):
        make_sampler("genetic", 1, 0, SPACE)


def test_a_grid_lists_values_and_refuses_an_interval():
    assert grid_of(GRID) == {"size": [2, 4, 6], "kind": ["x", "y"]}
    with pytest.raises(UsageError, match="lr needs values"):
        grid_of(SPACE)


def test_the_settings_of_a_search_are_checked_together():
    assert SearchConfig.checked(SEARCH | {"pruner": "median"}, {}).trials == 3
    wrong = {"pruner": "median", "trials": 0, "n_parallel": 0, "objective": "speed"}
    with pytest.raises(UsageError) as error:
        SearchConfig.checked(SEARCH | wrong, {})
    assert [line.split(":")[0] for line in error.value.problems] == [
        "hydra.sweeper.search.trials=0",
        "hydra.sweeper.search.n_parallel=0",
        "hydra.sweeper.search.objective=speed",
    ]


def study_of(path, space=SPACE, objective="val_loss"):
    return SharedStudy(path, space, objective=objective, direction=None, sampler="random", pruner="none", seed=1)


def test_a_study_belongs_to_one_space_and_one_objective(tmp_path):
    study_of(tmp_path)
    study_of(tmp_path)
    with pytest.raises(UsageError, match="started with another space"):
        study_of(tmp_path, GRID)
    with pytest.raises(UsageError, match="started with another objective"):
        study_of(tmp_path, objective="seconds")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "study.journal").write_text("nothing\n")
    with pytest.raises(UsageError, match="not a study, or damaged"):
        study_of(tmp_path / "damaged")


def test_trials_are_numbered_limited_and_adopted(tmp_path):
    study = study_of(tmp_path)
    assert [study.ask(up_to=2).number for _ in range(2)] == [0, 1]
    assert study.ask(up_to=2) is None
    study.tell(0, 0.5, TrialState.COMPLETE)
    assert study.best().number == 0
    assert [trial.number for trial in study.running()] == [1]
    assert study.adopt_abandoned() == []  # this process holds it
    del study  # releases the lock, as the end of a process does
    assert [trial.number for trial in study_of(tmp_path).adopt_abandoned()] == [1]


def test_a_search_is_drawn_once_a_trial_has_completed(tmp_path):
    study = study_of(tmp_path)
    assert not draw_search(tmp_path, tmp_path / "study.png")
    for number in range(5):
        trial = study.ask(up_to=5)
        study.tell(number, None if number == 4 else trial.params["lr"], TrialState(2 if number == 4 else 1))
    assert [trial.state for trial in open_study(tmp_path).trials][-1] == TrialState.PRUNED
    assert draw_search(tmp_path, tmp_path / "study.png")
    assert Image.open(tmp_path / "study.png").width > 300


def test_of_a_key_given_twice_the_last_counts():
    fixed, space = split_overrides(["seed=1,2", "lr=0.1,0.2", "seed=3"])
    assert fixed == ["seed=3"]
    assert [*space] == ["lr"]
