"""`akshar train --dry-run`: checks a run, or every job of a sweep, and prints what it will take; keeps nothing."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from akshar.config.compose import Composed
from akshar.config.keys import flatten
from akshar.config.schema import TrainConfig
from akshar.files import printable
from akshar.streams import print_error
from akshar.sweeps import sweep_grid
from akshar.tables import counted
from akshar.training.callbacks.progress import duration
from akshar.training.dry_run import Estimate, rehearse
from akshar.writable import check_folder

# Keys that change neither time nor memory, beyond what early stopping makes of them
SAME_COST = "seed name data.fold data.split_seed optimizer.lr optimizer.weight_decay scheduler.max_lr".split()


def dry_run(composed: Composed[TrainConfig], multirun: bool, began: float) -> int:
    """Print what a run or a sweep will take; called inside `composing`.

    Args:
        composed: the config, of a sweep that of its first job.
        multirun: whether it is a sweep.
        began: when the command did, by `time.perf_counter`.

    Returns:
        0, or 1 if the disk has not enough room.

    Raises:
        AksharError: what would end the run.
    """
    hydra = composed.tree.hydra
    place = Path(str(hydra.sweep.dir if multirun else hydra.run.dir))
    check_folder(place, f"hydra.{'sweep' if multirun else 'run'}.dir={printable(place)}")
    _line("dry run", "a few steps in a temporary folder; nothing is kept")
    if multirun:
        return _sweep(composed, place, time.perf_counter() - began)
    estimate = rehearse(composed.config, began)
    _print(estimate)
    return _disk(estimate.disk, estimate.room, place)


def _sweep(composed: Composed[TrainConfig], place: Path, imported: float) -> int:
    """Rehearse one job of each group with the same cost; print each, and the sum."""
    hydra = composed.tree.hydra
    sweep_grid.check_extras(hydra)
    parallel = sweep_grid.parallel_jobs(hydra)
    if sweep_grid.is_grid(hydra):
        jobs = sweep_grid.check_jobs(composed.overrides, hydra)
    else:
        from akshar.sweeps.search import SearchConfig  # imports optuna, which an extra installs

        node: Any = OmegaConf.to_container(hydra.sweeper.search, resolve=True)
        search = SearchConfig.checked(node, composed.config.to_record())
        jobs = [sweep_grid.Job(0, (), composed.config, "")] * search.trials
        parallel = min(parallel, search.n_parallel)
    parallel = min(parallel, len(jobs))
    threads = torch.get_num_threads()
    if sweep_grid.has_workers(hydra):
        torch.set_num_threads(max(1, threads // parallel))  # the jobs share them
    groups: dict[str, list[sweep_grid.Job]] = {}
    for job in jobs:
        groups.setdefault(_cost_key(job.config), []).append(job)
    _line("jobs", f"{len(jobs)}, {parallel} at a time; jobs with the same cost are rehearsed once")
    seconds, disk, meanwhile, memory = 0.0, 0, 0, 0
    for same in groups.values():
        words = [word for word in same[0].words if word not in composed.overrides]
        _line("", "")
        _line(counted(len(same), "job"), f"{'as ' if len(same) > 1 else ''}{' '.join(words)}")
        estimate = rehearse(same[0].config, time.perf_counter())
        _print(estimate)
        _line("disk", _size(estimate.disk))
        seconds += len(same) * estimate.seconds
        disk += len(same) * estimate.disk
        meanwhile = max(meanwhile, estimate.room - estimate.disk)
        memory = max(memory, estimate.memory or 0)
    torch.set_num_threads(threads)
    at_most = "" if sweep_grid.is_grid(hydra) else ", if all trials are like the first; bad ones may be pruned"
    _line("", "")
    _line("all jobs", f"about {duration(imported + seconds / parallel)}{at_most}")
    if memory:
        _line("memory", f"about {_size(parallel * memory)}")
    return _disk(disk, disk + parallel * meanwhile, place)


def _cost_key(config: TrainConfig) -> str:
    """Return the same text for configs that differ only in what changes neither time nor memory."""
    record = flatten(config.to_record())
    return json.dumps({key: value for key, value in record.items() if key not in SAME_COST}, default=str)


def _print(estimate: Estimate) -> None:
    for title, text in estimate.facts.items():
        _line(title, text)
    epochs = counted(estimate.epochs, "epoch")
    parts = f"{estimate.start:.0f} s start, {epochs} of {_precise(estimate.training / estimate.epochs)}"
    _line("time", f"about {duration(estimate.seconds)}: {parts}, {estimate.finish:.0f} s test and plots")
    if estimate.memory is not None:
        _line("memory", f"about {_size(estimate.memory)}")
    if estimate.gpu_memory is not None:
        _line("GPU memory", f"about {_size(estimate.gpu_memory)}")
    for note in estimate.notes:
        _line("note", note)


def _disk(size: int, room: int, place: Path) -> int:
    """Print the size of what is left on the disk; return 1 if there is not enough room."""
    existing = next(folder for folder in (place.absolute(), *place.absolute().parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    _line("disk", f"about {_size(size)} in {printable(place.parent)} ({_size(free)} free)")
    if free >= room:
        return 0
    print_error(
        f"{printable(place.parent)}: {_size(free)} are free, and {_size(room)} are needed while checkpoints are "
        "written; free some space, or choose another place with hydra.run.dir or hydra.sweep.dir"
    )
    return 1


def _line(title: str, text: str) -> None:
    print(f"{title:<12}{text}".rstrip(), flush=True)


def _precise(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
