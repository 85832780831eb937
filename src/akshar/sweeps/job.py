"""One job of a sweep, where it belongs: not again where it is completed, onwards where it is begun."""

import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from hydra.core.hydra_config import HydraConfig

from akshar.config.config_hash import config_hash
from akshar.errors import AksharError, Interrupted
from akshar.runs import provenance
from akshar.runs.console import Console
from akshar.runs.log_setup import log_to
from akshar.runs.run_dir import RunDir
from akshar.sweeps.sweep_dir import is_search, job_dir, write_choices
from akshar.sweeps.workers import StopFile, is_orphan, take_gpu
from akshar.training.job import run_job

log = logging.getLogger(__name__)

Asked = Callable[[], int | None]


def run_one(settings: dict[str, Any], preferred: RunDir, asked: Asked = lambda: None) -> int:
    """Runs one job.

    Args:
        settings: of the job.
        preferred: the folder that Hydra made for it.
        asked: the signal in whose name it is to stop, or None.

    Returns:
        The exit code.

    Raises:
        Interrupted: it was asked to stop, and its state is saved.
    """
    try:
        key = _key(settings)
    except AksharError:  # the run itself comes to the same error, and records it
        key = None
    # A trial is known by its number, whatever its values.
    folder = job_dir(preferred, key) if key and not is_search(preferred.path.parent) else preferred
    if folder.path != preferred.path:
        folder.path.mkdir(exist_ok=True)
        log_to(folder)
    if _is_done(folder, settings):
        changes = provenance.other_circumstances(provenance.read(folder))
        log.info("is completed already%s", f", under other code ({'; '.join(changes)})" if changes else "")
        return 0
    resumed = key is not None and folder.provenance.exists() and folder.config.exists()
    if not resumed:
        write_choices(folder.path, HydraConfig.get().runtime.choices)
    with folder.locked():
        exit_code = run_job(settings, folder, resumed=resumed, asked=asked)
    gc.collect()  # nets and trainers hold on to each other
    return exit_code


def run_as_worker(settings: dict[str, Any], preferred: RunDir, title: str, gpus: int) -> int:
    """Runs one job beside others: the terminal gets a line when it begins and one when it ends.

    Args:
        settings: of the job.
        preferred: the folder that Hydra made for it.
        title: the job as a person knows it.
        gpus: of this machine.

    Returns:
        The exit code; 0 also where it was asked to stop, which its status says.
    """
    sweep = preferred.path.parent
    stop = StopFile(sweep)
    if stop.asked():
        return 0
    Console.job = title
    take_gpu(sweep, gpus)
    sys.stderr.write(f"{title}: begins\n")  # in one piece: others write too
    try:
        exit_code = run_one(settings, preferred, stop.asked)
        end = "has failed" if exit_code else "ends"
    except Interrupted as interrupt:
        exit_code, end = 0, "is interrupted"
        if is_orphan():
            os._exit(interrupt.exit_code)  # no one waits for more
        if "SUBMITIT_EXECUTOR" in os.environ:
            signal.raise_signal(interrupt.signal_number)  # now that all is saved: submitit queues the job again
    sys.stderr.write(f"{title}: {end}\n")
    return exit_code


def _is_done(folder: RunDir, settings: dict[str, Any]) -> bool:
    """Whether nothing of the job is left to do; the test may be, where earlier it was not asked for."""
    status = folder.read_status().get("status")
    if status != "completed" or not folder.result.exists():
        return status == "pruned"
    result = json.loads(folder.result.read_text(encoding="utf-8"))
    return bool(result["test"]) or not settings["test"] or not result["data"]["test"]


def _key(settings: dict[str, Any]) -> str:
    from akshar.training.build import dataset_of  # which loads torch
    from akshar.training.warm_start import start_digest

    start = settings["init_from"]
    return config_hash(settings, dataset_of(settings).digest(), start_digest(start) if start is not None else None)
