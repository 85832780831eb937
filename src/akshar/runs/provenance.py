"""Where a result comes from: command line, code, versions, machine."""

import os
import platform
import socket
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from akshar.credentials import mask
from akshar.errors import UsageError
from akshar.files import write_json
from akshar.runs.git_state import (
    GitState,
    project_folder,
    read_git_state,
    read_project_state,
    write_diff,
)
from akshar.runs.run_dir import RunDir
from akshar.untrusted import read_bytes

PACKAGES = ("akshar", "torch", "torchvision", "pytorch-lightning", "hydra-core", "omegaconf", "numpy")


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Host(_Open):
    """The machine.

    Attributes:
        name: its name in the network.
        system: operating system.
        cpu: name of the processor.
        cores: number of processor cores; None where the system does not tell.
        threads: number of threads that torch uses.
        gpus: names of the GPUs.
    """

    name: str
    system: str
    cpu: str
    cores: int | None
    threads: int
    gpus: list[str]


class Environment(_Open):
    """What a process runs with.

    Attributes:
        argv: command line.
        git: the checkout of akshar.
        project: the checkout of one's own project; None where there is none.
        versions: package -> version.
        host: the machine.
    """

    argv: list[str]
    git: GitState
    project: GitState | None = None
    versions: dict[str, str]
    host: Host


class Resume(Environment):
    """One resume of a run.

    Attributes:
        at: when.
        step: optimizer steps done by then.
        checkpoint: "last", "best" or "previous", from which it continued.
        config_hash: of the run from then on; it differs where the run was made longer.
        changes: dotted key of the config -> value before and from then on.
    """

    at: str
    step: int
    checkpoint: str | None = None
    config_hash: str | None = None
    changes: dict[str, tuple[Any, Any]] = {}


class Facts(_Open):
    """What a run must have unchanged to be resumed.

    Attributes:
        name: of the run in tables.
        config_hash: as the run was started, see `akshar.config.config_hash`.
        precision: of Lightning's Trainer, as "auto" was resolved.
        data_digest, split_digest: sha256 of the images and of the validation split; None where a
            LightningDataModule of one's own brings them.
        init_digest: sha256 of the weights that training started from, or None.
    """

    name: str
    config_hash: str
    precision: str
    data_digest: str | None
    split_digest: str | None
    init_digest: str | None


class Provenance(Environment):
    """The content of `provenance.json`; of a test, the environment alone.

    Attributes:
        started, finished: when, in UTC.
        name: name of the run in tables.
        config_hash: hash of the config as the run was started.
        precision: of Lightning's Trainer, as "auto" was resolved.
        data_digest: sha256 of the images.
        split_digest: sha256 of the validation split.
        init_digest: sha256 of the weights that training started from.
        resumed: every resume of the run.
    """

    started: str | None = None
    finished: str | None = None
    name: str | None = None
    config_hash: str | None = None
    precision: str | None = None
    data_digest: str | None = None
    split_digest: str | None = None
    init_digest: str | None = None
    resumed: list[Resume] = []

    @property
    def config_hashes(self) -> set[str | None]:
        """Hashes of the configs that the run has had: at its start, and from each resume on."""
        return {self.config_hash, *(resume.config_hash for resume in self.resumed)}


def begin(run_dir: RunDir, facts: Facts) -> Provenance:
    """Write `provenance.json` for a new run, and `uncommitted.diff` of akshar and of the project, if changed."""
    content = Provenance(started=_now(), **dict(environment()), **dict(facts))
    _write(run_dir, content, "uncommitted.diff")
    return content


def resume(run_dir: RunDir, step: int, **facts: Any) -> Provenance:
    """Add a resume to `provenance.json`; what was written before stays.

    Args:
        run_dir: of the run.
        step: optimizer steps done so far.
        **facts: `checkpoint`, `config_hash` and `changes` of the `Resume`.
    """
    before = read(run_dir)
    resumed = [*before.resumed, Resume(at=_now(), step=step, **facts, **dict(environment()))]
    content = before.model_copy(update={"resumed": resumed})
    _write(run_dir, content, f"uncommitted-{len(resumed)}.diff")
    return content


def read(run_dir: RunDir) -> Provenance:
    """Read a run's `provenance.json`.

    Raises:
        UsageError: it is missing or damaged.
    """
    try:
        content = Provenance.model_validate_json(read_bytes(run_dir.provenance))
        Facts.model_validate(dict(content))
    except (OSError, ValueError) as error:
        raise UsageError(f"{run_dir.provenance}: missing or damaged; the run cannot be resumed") from error
    return content


def finished(content: Provenance) -> Provenance:
    """Add the time of the run's end."""
    return content.model_copy(update={"finished": _now()})


def environment() -> Environment:
    """Describe this process."""
    versions = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    return Environment(
        argv=[*map(mask, sys.argv)],
        git=read_git_state(),
        project=read_project_state(),
        versions=versions,
        host=_host(),
    )


def changes_since(recorded: Provenance) -> list[str]:
    """Compare this process's code and machine with those of a run; one line for each difference."""
    now, before = environment(), (recorded.resumed or [recorded])[-1]
    project_now, project_before = now.project or GitState(), before.project or GitState()
    lines = [
        f"{name} {before.versions.get(name)}, now {found}"
        for name, found in now.versions.items()
        if before.versions.get(name) != found
    ]
    for what, old, new in (
        ("commit", before.git.commit, now.git.commit),
        ("uncommitted changes", before.git.diff, now.git.diff),
        ("commit of the project", project_before.commit, project_now.commit),
        ("uncommitted changes of the project", project_before.diff, project_now.diff),
        ("processor", before.host.cpu, now.host.cpu),
        ("threads", before.host.threads, now.host.threads),
        ("gpus", before.host.gpus, now.host.gpus),
    ):
        lines += [f"{what} {old}, now {new}"] if old != new else []
    return lines


def _write(run_dir: RunDir, content: Provenance, diff_name: str) -> None:
    if content.git.commit:
        write_diff(run_dir.path / diff_name)
    if content.project:
        write_diff(run_dir.path / f"project_{diff_name}", folder=project_folder())
    write_json(run_dir.provenance, content.model_dump(mode="json", exclude_unset=True))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _host() -> Host:
    import torch  # here, so that a record is read without it

    return Host(
        name=socket.gethostname(),
        system=platform.platform(),
        cpu=_cpu_name(),
        cores=os.cpu_count(),
        threads=torch.get_num_threads(),
        gpus=[torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
    )


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
