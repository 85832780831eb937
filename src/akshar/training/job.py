"""Runs one job in its folder: signals, status, and errors that end up in its log."""

import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from akshar.config.schema import TrainConfig
from akshar.credentials import mask
from akshar.errors import AksharError, Diverged, Interrupted, Pruned, UsageError
from akshar.files import is_full
from akshar.memory import garbage_collection_paused, keep_freed_memory
from akshar.runs.run_dir import CheckpointName, RunDir, StatusName
from akshar.training.interrupts import Interrupts
from akshar.training.resume_command import resume_command

if TYPE_CHECKING:
    from pytorch_lightning import Callback

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EndedJob:
    """A job that ended by itself; one that a signal stopped raises `Interrupted`.

    Attributes:
        run_dir: its folder.
        error: what made it fail, already logged; None where it is completed, or pruned.
        matches: of a repetition, whether its metrics are those of the first run.
    """

    run_dir: RunDir
    error: Exception | SystemExit | None = None
    matches: bool = True

    @property
    def exit_code(self) -> int:
        """0, 2 for a usage error, 1 for another failure."""
        if isinstance(self.error, SystemExit):  # a code of 0 would say that the run is complete
            return self.error.code if isinstance(self.error.code, int) and self.error.code else 1
        if self.error is not None:
            return self.error.exit_code if isinstance(self.error, AksharError) else 1
        return int(not self.matches)


def run_job(
    config: TrainConfig,
    run_dir: RunDir,
    *,
    resume_from: CheckpointName | None = None,
    precision: str | None = None,
    stop_requested: Callable[[], int | None] = lambda: None,
    extra_callbacks: "Callable[[], Sequence[Callback]]" = lambda: (),
) -> EndedJob:
    """Train, new or resumed; an error is written to the run's `run.log` and `status.json`.

    The folder of a resumed run stays as it is until everything is found to fit.

    Args:
        config: valid.
        run_dir: of the run, locked by the caller.
        resume_from: checkpoint in the folder to continue from; None for a new run.
        precision: in place of "auto", where an earlier run resolved it.
        stop_requested: a source beside signals: the signal to stop with, or None.
        extra_callbacks: makes callbacks beside the config's, once torch is loaded.

    Raises:
        Interrupted: a signal came, which ends a whole sweep; the run's state is saved.
    """
    begun = False

    def begin() -> None:
        nonlocal begun
        run_dir.make()
        run_dir.clear_partial()
        if resume_from:
            from akshar.runs.result import keep_result  # imports numpy

            keep_result(run_dir, config.trainer.max_epochs)
            run_dir.continue_from(resume_from)
        else:
            run_dir.write_config(config.to_record())
        run_dir.write_status("running")
        begun = True

    with Interrupts(stop_requested) as interrupts:
        try:
            keep_freed_memory()
            with interrupts.deferred():  # some modules take an interrupt during their import for a failure
                if not resume_from:
                    begin()  # at once, so that a run that is stopped early can be resumed
                with garbage_collection_paused():
                    from akshar.training.run import train  # imports torch
            quiet_libraries()
            train(
                config,
                run_dir,
                interrupts,
                resume_from=resume_from,
                begin=begin if resume_from else lambda: None,
                precision=precision,
                extra_callbacks=extra_callbacks(),
            )
        except Pruned as pruned:
            log.info("%s", pruned)
            run_dir.write_status("pruned")
        except Interrupted as interrupt:
            with suppress(Interrupted), interrupts.deferred():  # a scheduler may send its signal twice
                if begun:
                    run_dir.write_status("interrupted")
                status = run_dir.read_status()
                epochs, steps = (status.epoch, status.step) if status else (0, 0)
                log.info("interrupted by %s after %d epochs, step %d; resume with", interrupt, epochs, steps)
                log.info("  %s", resume_command(run_dir, config))
            raise
        except (Exception, SystemExit) as error:
            with interrupts.deferred():  # torchrun sends one to every rank when one is lost
                _report_failure(config, run_dir if begun else None, error)
            return EndedJob(run_dir, error)
    return EndedJob(run_dir)


def describe(error: BaseException) -> str:
    """Write an error for a person, without credentials."""
    text = mask(str(error)) or type(error).__name__
    if is_full(error):
        return f"the disk is full ({text}); files that were complete are kept"
    if isinstance(error, SystemExit):
        code = "" if error.code is None else repr(error.code)
        return f"sys.exit({code}) was called before the run was complete"
    return text if isinstance(error, AksharError) else f"{type(error).__name__}: {text}"


def _report_failure(config: TrainConfig, run_dir: RunDir | None, error: BaseException) -> None:
    """Log an error, and write it to the run's folder unless that is None."""
    text = describe(error)
    for line in text.splitlines():
        log.error(line)
    known = isinstance(error, AksharError) or is_full(error)
    trace = mask("".join(traceback.format_exception(error)))
    if config.traceback:
        sys.stderr.write(trace)
    elif not known:
        log.error(
            "%straceback=true shows the traceback%s",
            f"the traceback is in {run_dir.log}; " if run_dir else "",
            " here" if run_dir else "",
        )
    if run_dir is None:
        return
    status: StatusName = "diverged" if isinstance(error, Diverged) else "failed"
    try:
        run_dir.write_status(status, error=text)
        with run_dir.log.open("a", encoding="utf-8") as file:
            file.write(trace)
    except OSError as second:
        if not is_full(second):
            log.error("%s: cannot be written (%s)", second.filename, second.strerror)
    if status == "failed" and run_dir.last.exists() and not isinstance(error, UsageError):
        log.error("once that is fixed, resume with  %s", resume_command(run_dir, config))


def quiet_libraries() -> None:
    """Silence messages that a user can do nothing about."""
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch"):  # they set their levels on import
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("profilers.profiler", "callbacks.model_summary"):  # their tables are what the config asks for
        logging.getLogger(f"pytorch_lightning.{name}").setLevel(logging.INFO)
    for message in (
        ".*does not have many workers.*",  # batches come from memory
        ".*`training_step` returned `None`.*",
        ".*is not a known distributed.*",
        ".*Checkpoint directory .* exists and is not empty.*",  # of this run
        ".*The number of training batches .* is smaller than the logging interval.*",
        ".*isinstance\\(treespec, LeafSpec\\).*",
        ".*GPU available but not used.*",
        ".*Precision .* is not supported by the model summary.*",  # its estimate of memory alone
        ".*The `srun` command is available on your system but is not used.*",  # akshar starts its own processes
        ".*Grad strides do not match bucket view strides.*",  # about channels-last kernels
    ):
        warnings.filterwarnings("ignore", message)
