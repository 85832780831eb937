"""Where a result comes from: command line, code, versions, machine."""

import hashlib
import json
import os
import platform
import socket
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from akshar.errors import UsageError
from akshar.files import write_atomic, write_json
from akshar.runs.run_dir import RunDir

PACKAGES = ("akshar", "torch", "torchvision", "pytorch-lightning", "hydra-core", "omegaconf", "numpy")
WORDS = {"diff": "uncommitted changes", "cpu": "processor"}
MAX_DIFF = 1_000_000  # bytes of a diff that are kept


def begin(folder: RunDir, facts: dict[str, Any]) -> dict[str, Any]:
    """Writes where a fresh run comes from: `provenance.json`, and `uncommitted.diff` where the code is changed.

    Args:
        folder: of the run.
        facts: that only the caller knows (digests, seeds, device, precision).
    """
    content = {"started": _now()} | here() | facts | {"resumed": []}
    _keep(folder, content, "uncommitted.diff")
    return content


def resume(folder: RunDir, step: int, config_hash: str) -> dict[str, Any]:
    """Adds a resume to the record of a run: when, by which command line, under which code.

    Args:
        folder: of the run.
        step: optimizer steps that were done.
        config_hash: of the run as it goes on, which may be longer.
    """
    content: dict[str, Any] = read(folder) | {"config_hash": config_hash}
    resumed = content["resumed"]
    resumed.append({"at": _now(), "step": step} | here())
    _keep(folder, content, f"uncommitted-{len(resumed)}.diff")
    return content


class Record(BaseModel):
    """What of a record is read again."""

    model_config = ConfigDict(extra="allow")

    versions: dict[str, str]
    git: dict[str, Any]
    host: dict[str, Any]
    precision: str
    data_digest: str
    split_digest: str
    init_digest: str | None
    config_hash: str
    resumed: list[dict[str, Any]]


def read(folder: RunDir) -> dict[str, Any]:
    """The record of a run.

    Raises:
        UsageError: there is none, or it is damaged.
    """
    try:
        content = json.loads(folder.provenance.read_text(encoding="utf-8"))
        Record.model_validate(content)
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder.provenance}: is missing or damaged; the run cannot be taken up") from error
    return content


def other_circumstances(recorded: dict[str, Any]) -> list[str]:
    """In what code and machine differ from those of a record: a line each, empty where they are the same."""
    now = here()
    before = (recorded.get("resumed") or [recorded])[-1]
    lines = [
        f"{name} {before['versions'].get(name)}, now {found}"
        for name, found in now["versions"].items()
        if before["versions"].get(name) != found
    ]
    for part, keys in (("git", ("commit", "diff")), ("host", ("cpu", "threads", "gpus"))):
        lines += [
            f"{WORDS.get(key, key)} {before[part].get(key)}, now {now[part].get(key)}"
            for key in keys
            if before[part].get(key) != now[part].get(key)
        ]
    return lines


def finished(content: dict[str, Any]) -> dict[str, Any]:
    """The record with the time of its end, for `result.json`."""
    return content | {"finished": _now()}


def _keep(folder: RunDir, content: dict[str, Any], diff_name: str) -> None:
    if _code() and (diff := _git("diff", "HEAD")):
        write_atomic(folder.path / diff_name, diff.encode(errors="replace")[:MAX_DIFF])
    write_json(folder.provenance, content)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def here() -> dict[str, Any]:
    """The command line, code, versions and machine of this process."""
    return {"argv": sys.argv, "git": _code(), "versions": _versions(), "host": _host()}


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def _code() -> dict[str, Any]:
    """The commit of the checkout that the code runs from; empty for an installed wheel."""
    # Inside somebody's repository, but not tracked by it, is no checkout of ours.
    if not _git("ls-files", Path(__file__).name):
        return {}
    diff = _git("diff", "HEAD")
    return {
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(diff),
        "diff": hashlib.sha256(diff.encode(errors="replace")).hexdigest()[:12] if diff else None,
    }


def _git(*arguments: str) -> str | None:
    """What git says in the folder of this code; None where there is no git or no repository."""
    try:
        command = ["git", "-C", str(Path(__file__).parent), *arguments]
        done = subprocess.run(command, capture_output=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()


def _host() -> dict[str, Any]:
    import torch  # here, so that a record can be read without it

    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "name": socket.gethostname(),
        "system": platform.platform(),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpus": gpus,
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
