"""Standard streams that are closed or full: a line where it can be read, and the right exit code."""

import os
import subprocess
import sys

import pytest
from conftest import TINY

from akshar.runs.checkpoint import read_checkpoint

FULL = "error: standard output cannot be written (no space left for it)"


def shell(words, redirect=""):
    command = f'exec "$0" -m akshar {words} {redirect}'
    return subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", ["--help", "--version", "train --help", "predict --help", "runs"])
def test_an_output_that_is_closed_or_full(words, workplace, fault):
    for redirect, expected, lines in ((">&-", 0, []), (">/dev/full", 1, [FULL])):
        done = shell(words, redirect)
        assert done.stderr.splitlines() == lines
        assert done.returncode == expected
    fault("a standard output that is full, as /dev/full", f"`{FULL}`, exit code 1")
    fault("a standard output or standard error that is closed", "the command works; what it would print is dropped")


@pytest.mark.parametrize("words", ["trian", "runs --root nowhere", "predict --nothing"])
def test_an_error_that_cannot_be_printed_keeps_its_exit_code(words, workplace):
    for redirect in ("2>&-", "2>/dev/full", ">&- 2>&- <&-"):
        done = shell(words, redirect)
        assert (done.stdout, done.returncode) == ("", 2)


def test_a_reader_that_leaves_ends_a_table_quietly(finished):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "akshar", "runs", "--root", str(finished[1].parent)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.slow
@pytest.mark.parametrize("redirect", [">&- 2>&- <&-", ">/dev/full 2>/dev/full"])
def test_a_training_needs_no_streams(redirect, workplace):
    assert shell(f"train {' '.join(TINY)} hydra.run.dir=run", redirect).returncode == 0
    assert read_checkpoint(workplace / "run").contents.classes
    assert (workplace / "run" / "result.json").exists()
