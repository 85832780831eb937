"""The loop of a search: Optuna chooses the trials, Hydra's launcher runs them, the study records their results."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

import optuna
from hydra.core.utils import JobReturn, JobStatus
from optuna.trial import FrozenTrial, TrialState

from akshar.config.monitor import EPOCH, direction
from akshar.errors import UsageError
from akshar.runs.result import read_result
from akshar.runs.run_dir import RunDir
from akshar.sweeps.objectives import OBJECTIVES, Direction, Objective, objective_named
from akshar.sweeps.samplers import PartConfig, grid_of
from akshar.sweeps.space import split_overrides
from akshar.sweeps.study import SharedStudy
from akshar.sweeps.workers import StopFile

log = logging.getLogger(__name__)

Launch = Callable[[Sequence[Sequence[str]], int], Sequence[JobReturn]]


@dataclass(frozen=True)
class SearchConfig:
    """The node `search` of `conf/hydra/sweeper/akshar_optuna.yaml`, which explains each key."""

    trials: int
    n_parallel: int
    objective: str
    direction: Direction | None
    sampler: PartConfig
    seed: int
    pruner: PartConfig
    storage: str | None = field(default=None, repr=False)  # may hold a password

    @staticmethod
    def checked(node: Mapping[str, Any], run: Mapping[str, Any]) -> "SearchConfig":
        """Build the config from plain values.

        Args:
            node: of the search.
            run: config of its runs.

        Raises:
            UsageError: lists every value that is out of range.
        """
        problems = []
        for key, low in (("trials", 1), ("n_parallel", 1), ("seed", 0)):
            if not isinstance(node[key], int) or node[key] < low:
                problems.append(f"hydra.sweeper.search.{key}={node[key]}: must be an integer from {low}")
        metrics = [f"{name}/val" for name, part in (run.get("metrics") or {}).items() if part is not None]
        monitor = run.get("monitor", EPOCH)  # which a LightningModule of one's own may log
        objectives = [*OBJECTIVES, *metrics, *([monitor] if monitor not in (*metrics, *OBJECTIVES, EPOCH) else [])]
        for key, choices in (("objective", objectives), ("direction", [None, "minimize", "maximize"])):
            if node[key] not in choices:
                names = ", ".join("null" if choice is None else choice for choice in choices)
                problems.append(f"hydra.sweeper.search.{key}={node[key]}: must be one of {names}")
        if problems:
            raise UsageError(*problems)
        config = SearchConfig(**node)
        if config.direction or objective_named(config.objective).direction:
            return config
        mode = direction(
            run if config.objective == monitor else {**run, "monitor": config.objective, "monitor_mode": "auto"}
        )
        if mode is None:
            raise UsageError(
                f"hydra.sweeper.search.direction=null: {config.objective} does not say which of its values are "
                "better; set it to minimize or maximize"
            )
        return replace(config, direction="minimize" if mode == "min" else "maximize")


def run_search(overrides: Sequence[str], sweep: Path, config: SearchConfig, launch: Launch) -> None:
    """Run trials up to the configured number, those of processes that died among them, then test the best.

    Args:
        overrides: of the command line; keys with several values form the search space.
        sweep: folder of the runs and of the study.
        config: settings of the search.
        launch: Hydra's launcher: runs jobs with the given overrides, numbered from its second argument on.

    Raises:
        UsageError: the space is empty or invalid, or the folder holds another study, or one elsewhere.
        ConnectionLost: the database of the study cannot be reached.
    """
    fixed, space = split_overrides(overrides)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = SharedStudy(
        sweep,
        space,
        objective=config.objective,
        direction=config.direction,
        sampler=config.sampler,
        pruner=config.pruner,
        seed=config.seed,
        storage=config.storage,
    )
    with closing(study):
        _run(study, fixed, config, launch)


def _run(study: SharedStudy, fixed: Sequence[str], config: SearchConfig, launch: Launch) -> None:
    n_trials = config.trials
    if config.sampler == "grid":
        n_trials = min(n_trials, prod(len(values) for values in grid_of(study.space).values()))
    stop = StopFile(study.sweep)

    def run(trials: Sequence[FrozenTrial]) -> None:
        for batch in _consecutive(trials):  # the launcher numbers jobs consecutively
            jobs = launch([[*fixed, *_overrides(trial), "test=false"] for trial in batch], batch[0].number)
            for trial, job in zip(batch, jobs, strict=True):
                _tell(study, trial.number, objective_named(config.objective), job)

    trials = study.adopt_abandoned()
    if not study.held_by_others():
        stop.clear()  # of an earlier command; processes that still work on the search have yet to obey theirs
    while not stop.requested():
        if not trials:
            started = [study.ask(up_to=n_trials) for _ in range(config.n_parallel)]
            trials = [trial for trial in started if trial is not None]
        if not trials:
            break
        run(trials)
        trials = study.adopt_abandoned()
    if stop.requested():
        log.info("\nthe search was asked to stop; repeat the command to continue it")
        return
    with study.locked():  # of several processes, the last one tests the best trial
        if others := study.held_by_others():
            log.info("\nanother process is running trial %d and will test the best one", others[0].number)
        elif best := study.best():
            log.info("\nbest: trial %d, %s %.4f", best.number, config.objective, best.value)
            study.hold(best.number)
            launch([[*fixed, *_overrides(best), "test=true"]], best.number)
            study.release(best.number)


def _overrides(trial: FrozenTrial) -> list[str]:
    return [f"{key}={value}" for key, value in trial.params.items()]


def _consecutive(trials: Sequence[FrozenTrial]) -> list[list[FrozenTrial]]:
    """Group trials into batches without gaps in their numbers; another process may have taken some."""
    batches: list[list[FrozenTrial]] = []
    for trial in trials:
        if batches and batches[-1][-1].number + 1 == trial.number:
            batches[-1].append(trial)
        else:
            batches.append([trial])
    return batches


def _tell(study: SharedStudy, number: int, objective: Objective, job: JobReturn) -> None:
    """Report the result in a trial's folder to the study; an interrupted trial stays open to be resumed."""
    if not study.keeps(number):
        return
    run_dir = RunDir(study.sweep / str(number))
    recorded = run_dir.read_status()
    status = recorded.status if recorded else "interrupted"
    if job.status == JobStatus.FAILED:  # before or beside the run, whose own errors are in its status
        log.error("trial %d: %s", number, str(job._return_value).partition("\n")[0])
        status = "failed"
    value = objective.of(read_result(run_dir)) if status == "completed" else None
    if value is not None:
        study.tell(number, value, TrialState.COMPLETE)
    elif status != "interrupted":
        study.tell(number, None, TrialState.PRUNED if status == "pruned" else TrialState.FAIL)
