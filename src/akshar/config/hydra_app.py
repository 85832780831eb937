"""A command as a Hydra application: runs one job, or those of a sweep."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from hydra._internal.callbacks import Callbacks
from hydra.conf import HydraConf
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import run_job
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf

from akshar.credentials import mask
from akshar.errors import UsageError
from akshar.files import printable, write_atomic
from akshar.writable import check_folder

Ended = TypeVar("Ended")


def run_once(tree: DictConfig, job: Callable[[Path], Ended]) -> Ended:
    """Run one job in the folder that its config names, with logging set up; to be called inside `composing`.

    Args:
        tree: a composed config with its `hydra` node.
        job: takes the folder; what it returns is returned.

    Raises:
        UsageError: the folder holds a run, or cannot be written.
    """
    hydra_app = GlobalHydra.instance().hydra
    assert hydra_app is not None

    folder = Path(str(tree.hydra.run.dir))
    named = f"hydra.run.dir={printable(folder)}"
    if (folder / "status.json").exists():
        raise UsageError(f"{named}: holds a run; choose another folder, or go on with resume={printable(folder)}")
    check_folder(folder, named)

    def task(_: DictConfig) -> Ended:
        output_dir = Path(tree.hydra.runtime.output_dir)
        _mask_credentials(output_dir.glob(".hydra/*.yaml"))
        return job(output_dir)

    context = HydraContext(config_loader=hydra_app.config_loader, callbacks=Callbacks(tree))
    return run_job(task, tree, job_dir_key="hydra.run.dir", job_subdir_key=None, hydra_context=context).return_value


def compose_sweep(config_name: str, overrides: Sequence[str]) -> DictConfig:
    """Compose the config of a sweep as a whole, with its `hydra` node; to be called inside `composing`."""
    hydra_app = GlobalHydra.instance().hydra
    assert hydra_app is not None
    return hydra_app.compose_config(config_name, [*overrides], RunMode.MULTIRUN, with_log_configuration=True)


def record_sweep(tree: DictConfig) -> None:
    """Write `multirun.yaml`, as Hydra does."""
    record = Path(tree.hydra.sweep.dir) / "multirun.yaml"
    OmegaConf.save(tree, record)
    _mask_credentials([record])


@contextmanager
def sweep_callbacks(tree: DictConfig) -> Iterator[None]:
    """Call Hydra's callbacks of a sweep around the `with` block."""
    callbacks = Callbacks(tree)
    callbacks.on_multirun_start(config=tree, config_name=tree.hydra.job.config_name)
    yield
    callbacks.on_multirun_end(config=tree, config_name=tree.hydra.job.config_name)


def launch(tree: DictConfig, jobs: Sequence[Sequence[str]], task: Callable[[DictConfig], None]) -> None:
    """Let Hydra's launcher run jobs that were checked already; to be called inside `composing`.

    Hydra's own sweeper would compose every job of the grid once more, and launch also those that are done.

    Args:
        tree: of the sweep, see `compose_sweep`.
        jobs: overrides of each job.
        task: runs one job.
    """
    launcher = Plugins.instance().instantiate_launcher(
        hydra_context=_context(tree), task_function=_masking(task), config=tree
    )
    size = tree.hydra.sweeper.get("max_batch_size") or len(jobs) or 1
    for first in range(0, len(jobs), size):
        for ended in launcher.launch([[*job] for job in jobs[first : first + size]], initial_job_idx=first):
            _ = ended.return_value  # raises what ended the job


def run_sweeper(tree: DictConfig, task: Callable[[DictConfig], None]) -> None:
    """Let the sweeper choose jobs and run them; to be called inside `composing`.

    Args:
        tree: of the sweep, see `compose_sweep`.
        task: runs one job.
    """
    sweeper = Plugins.instance().instantiate_sweeper(
        hydra_context=_context(tree), task_function=_masking(task), config=tree
    )
    sweeper.sweep(arguments=[*tree.hydra.overrides.task])


def in_this_process(tree: DictConfig) -> DictConfig:
    """Return the config of a sweep with Hydra's own launcher, which runs one job after the other."""
    changed = copy.deepcopy(tree)
    basic = {"_target_": "hydra._internal.core_plugins.basic_launcher.BasicLauncher"}
    OmegaConf.update(changed, "hydra.launcher", basic, merge=False, force_add=True)
    return changed


def _context(tree: DictConfig) -> HydraContext:
    hydra_app = GlobalHydra.instance().hydra
    assert hydra_app is not None
    return HydraContext(config_loader=hydra_app.config_loader, callbacks=Callbacks(tree))


def _masking(task: Callable[[DictConfig], None]) -> Callable[[DictConfig], None]:
    """Let a task begin with masking the credentials in what Hydra wrote."""

    def masked_task(tree: DictConfig) -> None:
        output_dir = Path(HydraConfig.get().runtime.output_dir)
        _mask_credentials([*output_dir.glob(".hydra/*.yaml"), *output_dir.parent.glob("multirun.yaml")])
        task(tree)

    return masked_task


def running_application() -> HydraConf | None:
    """Hydra's part of the config of an application that calls akshar; None where there is none.

    Credentials in what Hydra wrote to its output folder are masked.
    """
    if not HydraConfig.initialized() or OmegaConf.is_missing(HydraConfig.get().runtime, "output_dir"):
        return None
    hydra_config = HydraConfig.get()
    _mask_credentials(Path(hydra_config.runtime.output_dir).glob(".hydra/*.yaml"))
    return hydra_config


def _mask_credentials(files: Iterable[Path]) -> None:
    """Mask credentials in what Hydra wrote, as those that a config file of the user's spells out."""
    for path in files:
        text = path.read_text(encoding="utf-8")
        if mask(text) != text:
            write_atomic(path, mask(text).encode())
