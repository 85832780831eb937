"""The jobs of a grid: expanded, and checked before the first starts."""

import pytest
from conftest import TINY

from akshar.config.compose import compose, composing
from akshar.config.schema import TrainConfig
from akshar.errors import UsageError
from akshar.sweeps.sweep_grid import check_extras, check_jobs, expand_grid, has_workers, is_grid


@pytest.fixture(autouse=True)
def in_composing():
    with composing("train"):
        yield


def compose_hydra(words):
    return compose("train", words, TrainConfig, multirun=True).tree.hydra


@pytest.fixture
def basic():
    """Hydra's part of a config with its own sweeper and launcher."""
    return compose_hydra([*TINY, "seed=1,2"])


def test_every_combination_is_a_job(basic):
    jobs = expand_grid(["seed=1,2", "optimizer.lr=0.1", "data.fold=range(0,2)"], basic)
    assert jobs == [(f"seed={seed}", "optimizer.lr=0.1", f"data.fold={fold}") for seed in (1, 2) for fold in (0, 1)]


def test_a_key_given_twice_counts_once(basic):
    assert expand_grid(["seed=1,2", "seed=3"], basic) == [("seed=3",)]


def test_the_command_line_overrules_a_preset_s_values():
    hydra_config = compose_hydra(["sweep=seeds"])
    assert len(expand_grid(["sweep=seeds"], hydra_config)) == 3
    assert len(expand_grid(["sweep=seeds", "seed=4,5"], hydra_config)) == 2


def test_an_interval_is_refused(basic):
    with pytest.raises(UsageError, match="an interval needs a search"):
        expand_grid(["seed=interval(1,2)"], basic)


def test_equal_jobs_count_once_and_each_problem_is_listed_once(basic):
    assert len(check_jobs([*TINY, "optimizer.lr=0.1,0.10,0.2"], basic)) == 2
    with pytest.raises(UsageError) as error:
        check_jobs([*TINY, "seed=1,2", "optimizer.lr=0.1,-1", "trainer.max_epochs=0"], basic)
    lines = error.value.problems
    assert sum("optimizer.lr=-1" in line for line in lines) == 1
    assert sum("trainer.max_epochs=0" in line for line in lines) == 1
    assert all(line.startswith("job ") for line in lines)


def test_a_job_with_a_key_left_over_from_an_experiment_says_how_to_leave_it_out(basic):
    words = ["experiment=fast", "optimizer=muon,sgd"]
    with pytest.raises(UsageError) as error:
        check_jobs(words, basic)
    (line,) = error.value.problems
    assert line.startswith("job 2 of 2: optimizer.adam_ratio: SGD has no such argument")
    assert line.endswith("leave it out with '~optimizer.adam_ratio'")
    assert len(check_jobs([*words, "~optimizer.adam_ratio"], basic)) == 2


def test_sweepers_and_launchers_are_told_apart(basic):
    assert is_grid(basic)
    assert not has_workers(basic)
    check_extras(basic)
    search = compose_hydra(["hydra/sweeper=akshar_optuna", "hydra/launcher=joblib"])
    assert not is_grid(search)
    assert has_workers(search)
    check_extras(search)


def test_parallel_jobs_take_one_device_each():
    parallel = compose_hydra(["hydra/launcher=joblib"])
    with pytest.raises(UsageError, match="parallel jobs take one device each"):
        check_jobs([*TINY, "trainer=ddp", "trainer.devices=2"], parallel)


def test_a_preset_makes_a_sweep():
    assert compose("train", ["sweep=seeds"], TrainConfig).is_multirun
    assert not compose("train", ["seed=1"], TrainConfig).is_multirun


def test_jobs_that_differ_in_where_their_data_lies_are_all_run(tmp_path):
    for name in ("one", "two"):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / f"{name}.yaml").write_text(f"defaults: [folder, _self_]\nroot: {name}\n")
    words = [f"hydra.searchpath=[file://{tmp_path}]", "data=one,two"]
    with composing("train"):
        hydra = compose("train", words, TrainConfig, multirun=True).tree.hydra
        jobs = check_jobs(words, hydra)
    assert [job.config.data.arguments["root"] for job in jobs] == ["one", "two"]
    assert jobs[0].key == jobs[1].key  # the same images elsewhere are the same job, which their digest decides
