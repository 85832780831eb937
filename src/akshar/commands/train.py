"""`akshar train`: a new run, a sweep, a run that continues, or one that is repeated."""

import time
from collections.abc import Sequence
from pathlib import Path

from akshar.commands.arguments import split_trust
from akshar.config.compose import complete_keys, compose, composing
from akshar.config.hydra_app import SHOWING, refuse_used_folder, run_once, show, split_words
from akshar.config.overrides import SWEEP_KEYS
from akshar.config.run_name import new_run_name
from akshar.config.schema import TrainConfig
from akshar.errors import UsageError
from akshar.files import printable
from akshar.runs.log_setup import log_to
from akshar.runs.run_dir import RunDir
from akshar.training.job import run_job
from akshar.writable import check_folder

CONFIG_NAME = "train"
RECORDED = ("resume", "repeat")  # keys that take the config from a run in place of composing it


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: words after `akshar train`: overrides and Hydra's own flags.

    Returns:
        0, 2 for a usage error, 1 for another failure.
    """
    began = time.perf_counter() - time.process_time()  # imports so far, which do little but compute
    trust, arguments = split_trust(arguments)
    is_dry, arguments = "--dry-run" in arguments, [word for word in arguments if word != "--dry-run"]
    if any(word.partition("=")[0] in RECORDED for word in arguments):
        if is_dry:
            raise UsageError("--dry-run: for a new run or sweep, without resume= and repeat=")
        return _run_recorded(arguments, trust)
    if trust:
        raise UsageError("--trust: only with resume= or repeat=; what a command line names is trusted")
    options, overrides = split_words(arguments)
    if any(option in SHOWING for option in options):
        show(CONFIG_NAME, options, complete_keys(CONFIG_NAME, overrides, TrainConfig))
        return 0
    sweep_keys = [word for word in overrides if word.partition("=")[0] in SWEEP_KEYS]
    overrides = [word for word in overrides if word not in sweep_keys]
    multirun = bool({"-m", "--multirun"} & {*options})
    refuse_used_folder(overrides)
    with composing(CONFIG_NAME):
        composed = compose(CONFIG_NAME, overrides, TrainConfig, multirun)
        if is_dry:
            from akshar.sweeps.dry_run import dry_run  # imports torch

            return dry_run(composed, multirun or composed.is_multirun, began)
        if multirun or composed.is_multirun:
            from akshar.sweeps.multirun import run_sweep  # imports scipy, which takes half a second

            return run_sweep(composed.overrides, sweep_keys, composed.tree)
        if sweep_keys:
            raise UsageError(f"{sweep_keys[0]}: needs -m")

        def job(folder: Path) -> int:
            run_dir = RunDir(folder)
            with run_dir.locked():
                return run_job(composed.config, run_dir)

        return run_once(composed.tree, job)


def _run_recorded(words: Sequence[str], trust: Sequence[str]) -> int:
    """Run `resume=RUN` or `repeat=RUN`, whose config is on record and may come from someone else."""
    from akshar.training import repeat, resume  # import scipy too

    named = [word for word in words if word.partition("=")[0] in RECORDED]
    if len(named) > 1:
        raise UsageError(f"{' '.join(named)}: give one of them")
    if options := [word for word in words if word.startswith("-")]:
        raise UsageError(f"{options[0]}: cannot be combined with {named[0]}, which takes its config from that run")
    key, _, run = named[0].partition("=")
    overrides = [word for word in words if word not in named]
    if key == "resume":
        resume_from, overrides = resume.split_checkpoint(overrides)
        run_dir = resume.find_run(run)
        check_folder(run_dir.path, f"resume={printable(run)}")
        with run_dir.locked():
            config = resume.resumed_config(run_dir, overrides, resume_from, trust)
            log_to(run_dir)
            return run_job(config, run_dir, resume_from=resume_from or "last")
    first = repeat.read_record(run)
    config = repeat.repeated_config(first, overrides, named[0], trust)
    run_dir = RunDir(Path("outputs/train", new_run_name()).absolute())
    check_folder(run_dir.path, str(run_dir))
    run_dir.make()
    log_to(run_dir)
    with run_dir.locked():
        exit_code = run_job(config, run_dir, precision=first.provenance.precision)
    return exit_code or int(not repeat.compare(first, run_dir, run))
