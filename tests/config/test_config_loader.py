"""Composing many configs from one reading of the files: always what Hydra's own loader composes."""

import pickle
import subprocess
import sys

import pytest
from conftest import TINY
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf

from akshar.config.compose import composing
from akshar.config.config_loader import KeepingConfigLoader

GRID = (
    [],
    ["seed=3", "optimizer.lr=0.1"],
    ["seed=4", "optimizer.lr=0.2"],
    ["seed=4", "optimizer=sgd", "optimizer.lr=${data.batch_size}"],
    ["optimizer.lr=0.3", "experiment=fast", "+model.more={a: [1, '2']}", "++seed=5"],
    ["model={widths: [4]}", "model.widths=[8]"],
    ["model.widths=[8]", "model={widths: [4]}"],
    ["model.widths=[8]", "~model.blocks", "seed=1"],
    ["~scheduler", "seed=2", "~optimizer.lr=7"],
    ["seed=1", "hydra.job.chdir=true", "seed=2", "name='a b,c=d'"],
    [
        "hydra/launcher=joblib",
        "hydra.launcher.n_jobs=3",
        "hydra.sweep.subdir='7'",
        "seed=1",
        "hydra.sweep.subdir=8",
    ],
    ["callbacks=[ema]", "callbacks.ema.decay=0.5", "metrics=[f1,top5]", "logger=none"],
    ["sweep=seeds", "seed=9", "hydra.job.config.override_dirname.exclude_keys=[seed]", "name=x"],
    ["seed=a=b"],
    ["no.such=1"],
    ["no_group=1", "optimizer=nowhere"],
    ["optimizer@elsewhere=sgd", "seed=1"],
    ["+optimizer@elsewhere=sgd", "seed=1"],
    ["seed=1,2"],
    ["seed=1", "seed=1", "+seed=1"],
    ["hydra.searchpath=[file:///nowhere]", "seed=1"],
)


def composed(loader, overrides, mode=RunMode.RUN):
    """A config with all that Hydra notes in it, or the error."""
    try:
        tree = loader.load_configuration("train", [*overrides], mode, True, mode == RunMode.RUN)
    except HydraException as error:
        return f"{type(error).__name__}: {error}"
    flags = (OmegaConf.is_struct(tree), OmegaConf.is_readonly(tree), OmegaConf.is_readonly(tree.hydra))
    return OmegaConf.to_container(tree), flags, OmegaConf.get_type(tree.hydra)


@pytest.fixture
def loaders():
    """Hydra's own, and the one that keeps."""
    with composing("train"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        assert isinstance(hydra.config_loader, KeepingConfigLoader)
        yield ConfigLoaderImpl(hydra.config_loader.get_search_path()), hydra.config_loader


@pytest.mark.parametrize("overrides", GRID, ids=" ".join)
def test_the_same_is_composed_as_by_hydra_also_the_second_time(overrides, loaders):
    plain, keeping = loaders
    expected = composed(plain, overrides)
    assert composed(keeping, overrides) == expected
    assert composed(keeping, overrides) == expected


@pytest.mark.parametrize("overrides", [GRID[4], ["seed=1", "optimizer.lr=0.1,0.2", "name=x"]], ids=" ".join)
def test_the_same_is_composed_for_a_sweep(overrides, loaders):
    plain, keeping = loaders
    assert composed(keeping, overrides, RunMode.MULTIRUN) == composed(plain, overrides, RunMode.MULTIRUN)


def test_a_folder_makes_a_value_a_choice(loaders, tmp_path):
    plain, keeping = loaders
    (tmp_path / "seed").mkdir()
    (tmp_path / "seed" / "odd.yaml").write_text("# @package _global_\nname: from_the_folder\n")
    for overrides in (["seed=odd"], [f"hydra.searchpath=['file://{tmp_path}']", "+seed=odd"], ["seed=odd"]):
        assert composed(keeping, overrides) == composed(plain, overrides)


def test_files_are_merged_once_for_each_combination_of_choices(loaders, monkeypatch):
    _, keeping = loaders
    merged = []
    compose = ConfigLoaderImpl._load_configuration_impl
    monkeypatch.setattr(
        ConfigLoaderImpl, "_load_configuration_impl", lambda *a, **k: merged.append(1) or compose(*a, **k)
    )
    for optimizer in ("sgd", "adamw"):
        for seed in range(20):
            composed(keeping, [*TINY, f"seed={seed}", f"optimizer={optimizer}", f"hydra.sweep.subdir={seed}"])
    assert len(merged) == 2


def test_copies_in_another_process_share_what_they_read(loaders):
    _, keeping = loaders
    composed(keeping, TINY)
    sent = pickle.dumps(keeping)
    assert len(sent) < 20_000  # without the trees
    assert pickle.loads(sent) is pickle.loads(pickle.dumps(keeping))


def test_a_copy_works_in_a_process_where_hydra_has_found_no_plugins_yet(loaders):
    _, keeping = loaders
    script = "import pickle, sys; loader = pickle.load(sys.stdin.buffer); print(loader.list_groups('hydra'))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, input=pickle.dumps(keeping), capture_output=True, check=False)
    assert b"launcher" in done.stdout, done.stderr
