"""Completion with the tab key, in a real bash and a real zsh."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from akshar.commands.completion import candidates

SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
COMPINIT = {"bash": "", "zsh": "autoload -U compinit; compinit -u -D; "}
TO_THE_START, TO_THE_END = "\x01", "\x05"  # Ctrl-A and Ctrl-E


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("akshar ins", ["inspect"]),
        ("akshar train optimizer=", ["optimizer=adamw", "optimizer=muon", "optimizer=sgd"]),
        ("akshar train data=b", ["data=broad"]),  # not base.yaml
        ("akshar train optimizer=sgd optimizer.nes", ["optimizer.nesterov="]),
        ("akshar train -m optim", ["optimizer.", "optimizer="]),
        ("akshar train --mu", ["--multirun"]),
        ("akshar train --cfg ", []),
        ("akshar train res", ["resume="]),
        ("akshar train data.root=", []),  # the shell completes file names
        ("akshar test model", []),
        ("akshar test data=g", ["data=glyphs"]),
        ("akshar predict ", []),
        ("akshar train nothing", []),
        ("akshar train --dry-run --trust x resume=latest optimizer=s", ["optimizer=sgd"]),
        ("akshar train data.root=my\\ images optimizer=s", ["optimizer=sgd"]),
        ("akshar train 'data.root=my images optimizer=s", []),
    ],
)
def test_candidates(line, expected):
    assert candidates(line) == expected


def test_groups_of_one_s_own_folder_are_completed(tmp_path):
    (tmp_path / "model").mkdir()
    for name in ("own", "owner;touch x", "baseline", "base_own"):
        (tmp_path / "model" / f"{name}.yaml").write_text("")
    assert candidates(f"akshar train --config-dir {tmp_path} model=o") == ["model=own"]
    assert candidates(f"akshar train --config-dir {tmp_path} model=b") == ["model=baseline"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("akshar tr\toptimizer=sg\toptimizer.nes\ttrue", "akshar train optimizer=sgd optimizer.nesterov=true"),
        ("akshar train data=folder data.root=my-pi\t", "akshar train data=folder data.root=my-pictures"),
        ("akshar predict my-pi\t", "akshar predict my-pictures"),
    ],
)
def test_the_tab_key_completes(tmp_path, shell, keys, words):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "my-pictures").mkdir()
    parent, child = pty.openpty()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "TERM": "dumb", "HOME": str(tmp_path)}
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), child)
    process = subprocess.Popen(SHELLS[shell], cwd=tmp_path, env=environment, start_new_session=True, **streams)
    os.close(child)
    try:
        os.write(parent, f'{COMPINIT[shell]}eval "$(akshar completion {shell})"; touch ready\n'.encode())
        read_until(tmp_path / "ready", parent)
        os.write(parent, f"{keys}{TO_THE_START}printf '%s ' {TO_THE_END} > words; touch done\n".encode())
        read_until(tmp_path / "done", parent)
    finally:
        process.kill()
        process.wait()
        os.close(parent)
    assert (tmp_path / "words").read_text().strip().rstrip("/") == words  # zsh takes it away before a space


def read_until(file: Path, terminal: int, seconds: float = 60) -> None:
    """Read what a shell shows, so that it does not have to wait, until it has made a file."""
    end = time.monotonic() + seconds
    shown = b""
    while not file.exists():
        assert time.monotonic() < end, shown.decode(errors="replace")
        if select.select([terminal], [], [], 0.05)[0]:
            shown += os.read(terminal, 4096)
