"""The checkout that the code runs from: its commit, and its uncommitted changes without their secrets."""

import hashlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf
from pydantic import BaseModel, ConfigDict

from akshar.credentials import MASK, mask
from akshar.files import write_atomic

HERE = Path(__file__).parent
DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules")  # runs no program that a checkout names
MAX_DIFF = 1_000_000  # bytes of a diff that are kept
# Files that hold secrets by their nature
LEFT_OUT = [
    f":(exclude,top,glob,icase)**/{name}" for name in (".env*", ".netrc", "*.pem", "*.key", "id_rsa*", "*secrets*")
]
# Keys of well-known services by their form, and what is assigned to a name that says so, in quotes
TOKENS = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|hf_\w{20,}|sk-[\w-]{20,}|xox[abeprs]-[\w-]{10,}"
    r"|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)"
)
ASSIGNED = re.compile(
    r"""((?:password|passwd|secret|token|api_?key|access_?key|credentials?)["']?\s*[:=]\s*)(["'])[^"'\s]{4,}\2""",
    re.IGNORECASE,
)
RUNS_CODE = re.compile(r"^filter\..*\.(clean|process)$", re.IGNORECASE | re.MULTILINE)
PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END|\Z)", re.DOTALL)


class GitState(BaseModel):
    """The checkout that the code runs from; all None for an installed wheel.

    Attributes:
        commit: hash.
        dirty: whether it has uncommitted changes.
        diff: 12 hexadecimal digits of the changes' sha256.
    """

    model_config = ConfigDict(extra="allow")

    commit: str | None = None
    dirty: bool | None = None
    diff: str | None = None


def read_git_state(folder: Path = HERE) -> GitState:
    """Describe the checkout that a folder with code belongs to."""
    # A folder inside a repository that does not track it is not a checkout of ours.
    if not _git(folder, "ls-files", "."):
        return GitState()
    diff = _git(folder, *DIFF, "HEAD")
    digest = hashlib.sha256(diff.encode(errors="replace")).hexdigest()[:12] if diff else None
    return GitState(commit=_git(folder, "rev-parse", "HEAD"), dirty=bool(diff), diff=digest)


def read_project_state() -> GitState | None:
    """Describe the checkout of `project_folder`; None where there is none, it is akshar's, or it could run code."""
    folder, top = project_folder(), "--show-toplevel"
    of_akshar = _git(HERE, "rev-parse", top) if _git(HERE, "ls-files", ".") else None
    # A comparison runs a filter of the checkout, which may come from someone else
    settings = _git(folder, "config", "--includes", "--name-only", "--list") or ""
    if _git(folder, "rev-parse", top) == of_akshar or RUNS_CODE.search(settings):
        return None
    state = read_git_state(folder)
    return state if state.commit else None


def project_folder() -> Path:
    """Where the command was given: not the run's folder, in which a job with `hydra.job.chdir=true` works."""
    here = Path.cwd()
    hydra: Any = HydraConfig.instance().cfg
    if hydra is not None and OmegaConf.select(hydra, "hydra.runtime.output_dir") == str(here):
        return Path(hydra.hydra.runtime.cwd)
    return here


def write_diff(path: Path, folder: Path = HERE) -> None:
    """Write the uncommitted changes, if there are any, to a file that only its owner can read."""
    if not (diff := _git(folder, *DIFF, "HEAD", "--", ":/", *LEFT_OUT)):
        return
    before = os.umask(0o077)
    try:
        write_atomic(path, without_secrets(diff).encode(errors="replace")[:MAX_DIFF])
    finally:
        os.umask(before)


def without_secrets(text: str) -> str:
    """Mask what looks like a secret; one in another form stays.

    >>> without_secrets('+api_key = "abcd1234"  # of https://me:pw@host')
    '+api_key = "***"  # of https://***@host'
    """
    text = TOKENS.sub(MASK, PRIVATE_KEY.sub(rf"\1{MASK}\2", mask(text)))
    return ASSIGNED.sub(rf"\1\2{MASK}\2", text)


def _git(folder: Path, *arguments: str) -> str | None:
    """Run git in a folder; None without git or a repository."""
    try:
        command = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
        done = subprocess.run(command, capture_output=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()
