"""Where a result comes from: command line, code, versions, machine."""

import os
import platform
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("akshar", "torch", "torchvision", "pytorch-lightning", "hydra-core", "omegaconf", "numpy")


def provenance() -> dict[str, Any]:
    """All of it, as plain values for `result.json`."""
    return {"argv": sys.argv, "git": _git(), "versions": _versions(), "host": _host()}


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def _git() -> dict[str, Any]:
    """The commit of the checkout that the code runs from; empty for an installed wheel."""
    source = Path(__file__).parent

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(source), *arguments], capture_output=True, text=True, check=True, timeout=10
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    # Inside somebody's repository, but not tracked by it, is no checkout of ours.
    if not git("ls-files", Path(__file__).name):
        return {}
    return {
        "commit": git("rev-parse", "HEAD"),
        "dirty": bool(git("status", "--porcelain", "--untracked-files=no")),
    }


def _host() -> dict[str, Any]:
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
