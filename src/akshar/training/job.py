"""One run in its folder, from its settings to the word on how it ended."""

import logging
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from omegaconf import OmegaConf

from akshar.config.validate import find_problems
from akshar.errors import AksharError, Diverged, Interrupted, Pruned, UsageError
from akshar.files import is_full, write_atomic
from akshar.memory import keep_freed_memory
from akshar.runs.run_dir import RunDir, Status
from akshar.training.interrupts import Interrupts

log = logging.getLogger(__name__)


def run_job(
    settings: dict[str, Any],
    folder: RunDir,
    *,
    resumed: bool = False,
    precision: str | None = None,
    asked: Callable[[], int | None] = lambda: None,
) -> int:
    """Runs an experiment, fresh or taken up; an error is written to its own `run.log` and `status.json`.

    What lies in the folder of a resumed run is left as it is until everything is found to fit.

    Args:
        settings: a config, plain values.
        folder: of the run, held by the caller.
        resumed: whether it goes on with what lies in the folder.
        precision: in place of "auto", where an earlier run decided it.
        asked: beside signals: the one in whose name it is to stop, or None.

    Returns:
        The exit code: 0, 2 for a bad request, 1 for work that failed.

    Raises:
        Interrupted: a signal came, which ends a whole sweep; the run's state is saved.
    """
    begun = False

    def begin() -> None:
        nonlocal begun
        folder.make()
        folder.clear_partial()
        if resumed:
            folder.keep_result(settings["trainer"]["max_epochs"])
        write_atomic(folder.config, OmegaConf.to_yaml(OmegaConf.create(settings)).encode())
        folder.write_status("running")
        begun = True

    try:
        with Interrupts(asked) as interrupts:
            if problems := find_problems(settings):
                begin()
                raise UsageError(*problems)
            keep_freed_memory()
            with interrupts.deferred():  # some modules take an interrupt of their import for a failure
                if not resumed:
                    begin()  # at once, so that a run that is stopped early can go on
                from akshar.training.run import run_experiment  # torch is loaded when all is checked
            quiet_libraries()
            run_experiment(settings, folder, interrupts, begin if resumed else None, precision)
    except Pruned as pruned:
        log.info("%s", pruned)
        folder.write_status("pruned")
    except Interrupted as stop:
        if begun:
            folder.write_status("interrupted")
        status = folder.read_status()
        log.info(
            "interrupted by %s after %d epochs, step %d; go on with",
            stop,
            status.get("epoch", 0),
            status.get("step", 0),
        )
        log.info("  akshar train resume=%s", folder)
        raise
    except (Exception, SystemExit) as error:
        exit_code = error.exit_code if isinstance(error, AksharError) else 1
        return _failed(folder if begun else None, error, exit_code, settings)
    return 0


def _failed(folder: RunDir | None, error: BaseException, exit_code: int, settings: dict[str, Any]) -> int:
    """Says what went wrong, and writes it into the run's folder unless that is None."""
    text = str(error) or type(error).__name__
    if is_full(error):
        text = f"the disk is full ({text}); what was whole stays"
    elif not isinstance(error, AksharError):
        text = f"{type(error).__name__}: {text}"
    for line in text.splitlines():
        log.error(line)
    known = isinstance(error, AksharError) or is_full(error)
    trace = "".join(traceback.format_exception(error))
    if settings.get("traceback"):
        sys.stderr.write(trace)
    elif not known:
        log.error("the traceback is in %s", f"{folder.log}, or add traceback=true" if folder else "traceback=true")
    if folder is None:
        return exit_code
    status: Status = "diverged" if isinstance(error, Diverged) else "failed"
    try:
        folder.write_status(status, error=text)
        with folder.log.open("a", encoding="utf-8") as file:
            file.write(trace)
    except OSError as second:
        if not is_full(second):
            log.error("%s: cannot be written either (%s)", second.filename, second.strerror)
    if status == "failed" and folder.last.exists() and not isinstance(error, UsageError):
        log.error("when that is mended, go on with  akshar train resume=%s", folder)
    return exit_code


def quiet_libraries() -> None:
    """Silences what a person who trains can do nothing about."""
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch"):  # which set theirs when imported
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in (
        ".*does not have many workers.*",  # there are none to have: batches come from memory
        ".*`training_step` returned `None`.*",
        ".*is not a known distributed.*",
        ".*Checkpoint directory .* exists and is not empty.*",  # this run's own
        ".*The number of training batches .* is smaller than the logging interval.*",
        ".*isinstance\\(treespec, LeafSpec\\).*",
        ".*GPU available but not used.*",
        ".*It is recommended to use `self.log.*sync_dist=True.*",  # the same value in every process
        ".*Grad strides do not match bucket view strides.*",  # of channels-last kernels
    ):
        warnings.filterwarnings("ignore", message)
