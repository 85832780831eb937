"""`akshar train -m`: the jobs of a sweep, each known by its hash, so that a sweep that was stopped goes on."""

import gc
import json
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from akshar.commands import expand
from akshar.commands.job import run_job
from akshar.commands.logs import log_to
from akshar.commands.sweep import report
from akshar.errors import AksharError, BadRequest, Interrupted
from akshar.runs import provenance
from akshar.runs.record import RunFolder, new_run_name
from akshar.runs.settings import config_hash
from akshar.sweeps.folder import JOURNAL, ROOT, find_sweep, folder_of_job, held

log = logging.getLogger(__name__)

# Words that are about the sweep as a whole, not about its runs.
WORDS = ("sweep.resume", "sweep.fail_fast")

RunHydra = Callable[[Sequence[str], Callable[[dict[str, Any], RunFolder], None]], None]


class StopSweep(BaseException):
    """A job failed, and the sweep was told to end then."""


def run_sweep(overrides: Sequence[str], run_hydra: RunHydra) -> int:
    """Checks every job, runs those that are not done, and ends with the table.

    Args:
        overrides: of the command line.
        run_hydra: runs Hydra with overrides and a function for each job.

    Returns:
        0 where every run of the folder is completed, else 1; 2 for a bad request.
    """
    words = {
        word.partition("=")[0]: word.partition("=")[2] for word in overrides if word.partition("=")[0] in WORDS
    }
    fail_fast = words.get("sweep.fail_fast", "false").lower()
    if fail_fast not in ("true", "false"):
        raise BadRequest(f"sweep.fail_fast={fail_fast}: must be true or false")
    overrides = [word for word in overrides if word.partition("=")[0] not in WORDS]
    sweep = _folder(overrides, words.get("sweep.resume"))
    overrides = [
        *(word for word in overrides if not word.startswith("hydra.sweep.dir=")),
        f"hydra.sweep.dir='{sweep}'",
    ]
    hydra_config = expand.hydra_part(overrides)
    if expand.is_grid(hydra_config):
        count = expand.check_jobs(overrides, hydra_config)
        print(f"{count} jobs in {RunFolder(sweep)}", file=sys.stderr)

    def job(settings: dict[str, Any], folder: RunFolder) -> None:
        given = [word for word in HydraConfig.get().overrides.task if word not in overrides]
        log.info("\njob %s  %s", folder.path.name, " ".join(given))
        if run_one(settings, folder) and fail_fast == "true":
            raise StopSweep

    with held(sweep) if expand.is_grid(hydra_config) else nullcontext():  # a study may be shared
        try:
            run_hydra(overrides, job)
        except StopSweep:
            log.error("a job failed, and sweep.fail_fast=true")
        except Interrupted:
            log.info("the same line with  sweep.resume=%s  runs what is missing", RunFolder(sweep))
            raise
        return report(sweep)


def run_one(settings: dict[str, Any], preferred: RunFolder) -> int:
    """Runs one job where it belongs: not again where it is completed, onwards where it is begun.

    Args:
        settings: of the job.
        preferred: the folder that Hydra made for it.

    Returns:
        The exit code.
    """
    try:
        key = _key(settings)
    except AksharError:  # the run itself comes to the same error, and records it
        key = None
    is_trial = (preferred.path.parent / JOURNAL).exists()  # known by its number, whatever its values
    folder = folder_of_job(preferred, key) if key and not is_trial else preferred
    if folder.path != preferred.path:
        folder.path.mkdir(exist_ok=True)
        log_to(folder)
    if _is_done(folder, settings):
        changes = provenance.other_circumstances(provenance.read(folder))
        log.info(
            "is completed already%s",
            f", under other code ({'; '.join(changes)})" if changes else "",
        )
        return 0
    resumed = key is not None and folder.provenance.exists() and folder.config.exists()
    with folder.held():
        exit_code = run_job(settings, folder, resumed=resumed)
    gc.collect()  # nets and trainers hold on to each other
    return exit_code


def _is_done(folder: RunFolder, settings: dict[str, Any]) -> bool:
    """Whether nothing of the job is left to do; the test may be, where earlier it was not asked for."""
    status = folder.read_status().get("status")
    if status != "completed" or not folder.result.exists():
        return status == "pruned"
    result = json.loads(folder.result.read_text(encoding="utf-8"))
    return bool(result["test"]) or not settings["test"] or not result["data"]["test"]


def _key(settings: dict[str, Any]) -> str:
    from akshar.commands.build import dataset_of  # which loads torch
    from akshar.runs.checkpoint import weights_digest

    start = settings["init_from"]
    return config_hash(
        settings, dataset_of(settings).digest(), weights_digest(start) if start is not None else None
    )


def _folder(overrides: Sequence[str], resume: str | None) -> Path:
    """Where the sweep's runs go: `sweep.resume`, `hydra.sweep.dir`, or a new folder."""
    given = [word.partition("=")[2].strip("'\"") for word in overrides if word.startswith("hydra.sweep.dir=")]
    if resume is not None and given:
        raise BadRequest("sweep.resume and hydra.sweep.dir: give one of them")
    if resume is not None:
        return find_sweep(resume).absolute()
    return Path(given[-1]).expanduser().absolute() if given else (ROOT / new_run_name()).absolute()


def is_asked_for(options: Sequence[str], overrides: Sequence[str]) -> bool:
    """Whether a command line is a sweep: by -m, or by a preset that says so.

    Raises:
        BadRequest: a word that only a sweep understands, without one.
    """
    if {"-m", "--multirun"} & {*options}:
        return True
    if str(expand.hydra_part([w for w in overrides if w.partition("=")[0] not in WORDS]).mode).endswith("MULTIRUN"):
        return True
    if stray := [word for word in overrides if word.partition("=")[0] in WORDS]:
        raise BadRequest(f"{stray[0]}: needs -m")
    return False
