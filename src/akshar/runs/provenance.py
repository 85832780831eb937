"""Where a result comes from: command line, code, versions, machine."""

import hashlib
import os
import platform
import socket
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from akshar.errors import UsageError
from akshar.files import write_atomic, write_json
from akshar.runs.run_dir import RunDir

PACKAGES = ("akshar", "torch", "torchvision", "pytorch-lightning", "hydra-core", "omegaconf", "numpy")
MAX_DIFF = 1_000_000  # bytes of a diff that are kept


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class GitState(_Open):
    """The checkout that the code runs from; all None for an installed wheel.

    Attributes:
        commit: hash.
        dirty: whether it has uncommitted changes.
        diff: 12 hexadecimal digits of the changes' sha256.
    """

    commit: str | None = None
    dirty: bool | None = None
    diff: str | None = None


class Host(_Open):
    """The machine: name, operating system, processor, cores, torch's threads, GPUs."""

    name: str
    system: str
    cpu: str
    cores: int | None
    threads: int
    gpus: list[str]


class Environment(_Open):
    """What a process runs with: command line, code, versions, machine."""

    argv: list[str]
    git: GitState
    versions: dict[str, str]
    host: Host


class Resume(Environment):
    """One resume of a run: when, and after how many optimizer steps."""

    at: str
    step: int


class Facts(_Open):
    """What a run must have unchanged to be resumed.

    Attributes:
        name: of the run in tables.
        config_hash: see `akshar.config.config_hash`.
        precision: of Lightning's Trainer, as "auto" was resolved.
        data_digest, split_digest: sha256 of the images and of the validation split.
        init_digest: sha256 of the weights that training started from, or None.
    """

    name: str
    config_hash: str
    precision: str
    data_digest: str
    split_digest: str
    init_digest: str | None


class Provenance(Environment):
    """The content of `provenance.json`; of a test, the environment alone."""

    started: str | None = None
    finished: str | None = None
    name: str | None = None
    config_hash: str | None = None
    precision: str | None = None
    data_digest: str | None = None
    split_digest: str | None = None
    init_digest: str | None = None
    resumed: list[Resume] = []


def begin(run_dir: RunDir, facts: Facts) -> Provenance:
    """Write `provenance.json` for a new run, and `uncommitted.diff` where the code has changed."""
    content = Provenance(started=_now(), **dict(environment()), **dict(facts))
    _write(run_dir, content, "uncommitted.diff")
    return content


def resume(run_dir: RunDir, step: int, config_hash: str) -> Provenance:
    """Add a resume to `provenance.json`.

    Args:
        run_dir: of the run.
        step: optimizer steps done so far.
        config_hash: of the run from now on; it differs where the run was made longer.
    """
    before = read(run_dir)
    resumed = [*before.resumed, Resume(at=_now(), step=step, **dict(environment()))]
    content = before.model_copy(update={"config_hash": config_hash, "resumed": resumed})
    _write(run_dir, content, f"uncommitted-{len(resumed)}.diff")
    return content


def read(run_dir: RunDir) -> Provenance:
    """Read a run's `provenance.json`.

    Raises:
        UsageError: it is missing or damaged.
    """
    try:
        content = Provenance.model_validate_json(run_dir.provenance.read_bytes())
        Facts.model_validate(dict(content))
    except (OSError, ValidationError) as error:
        raise UsageError(f"{run_dir.provenance}: missing or damaged; the run cannot be resumed") from error
    return content


def finished(content: Provenance) -> Provenance:
    """Add the time of the run's end."""
    return content.model_copy(update={"finished": _now()})


def environment() -> Environment:
    """Describe this process."""
    versions = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    return Environment(argv=sys.argv, git=_git_state(), versions=versions, host=_host())


def changes_since(recorded: Provenance) -> list[str]:
    """Compare this process's code and machine with those of a run; one line for each difference."""
    now, before = environment(), (recorded.resumed or [recorded])[-1]
    lines = [
        f"{name} {before.versions.get(name)}, now {found}"
        for name, found in now.versions.items()
        if before.versions.get(name) != found
    ]
    for what, old, new in (
        ("commit", before.git.commit, now.git.commit),
        ("uncommitted changes", before.git.diff, now.git.diff),
        ("processor", before.host.cpu, now.host.cpu),
        ("threads", before.host.threads, now.host.threads),
        ("gpus", before.host.gpus, now.host.gpus),
    ):
        lines += [f"{what} {old}, now {new}"] if old != new else []
    return lines


def _write(run_dir: RunDir, content: Provenance, diff_name: str) -> None:
    if content.git.commit and (diff := _git("diff", "HEAD")):
        write_atomic(run_dir.path / diff_name, diff.encode(errors="replace")[:MAX_DIFF])
    write_json(run_dir.provenance, content.model_dump(mode="json", exclude_unset=True))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git_state() -> GitState:
    # A folder inside a repository that does not track it is not a checkout of ours.
    if not _git("ls-files", Path(__file__).name):
        return GitState()
    diff = _git("diff", "HEAD")
    digest = hashlib.sha256(diff.encode(errors="replace")).hexdigest()[:12] if diff else None
    return GitState(commit=_git("rev-parse", "HEAD"), dirty=bool(diff), diff=digest)


def _git(*arguments: str) -> str | None:
    """Run git in the folder of this code; None without git or a repository."""
    try:
        command = ["git", "-C", str(Path(__file__).parent), *arguments]
        done = subprocess.run(command, capture_output=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()


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
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
