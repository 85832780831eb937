"""A data set larger than memory: what a run does with it leaves the pixels in their file."""

import re
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_anonymous_memory_does_not_grow_with_the_pixels(tmp_path):
    words = ["--gigabytes", "0.2", "--side", "256", "--batch-size", "4", "--folder", str(tmp_path)]
    command = [sys.executable, "-m", "akshar.benchmarks.memory", *words]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    growths = [int(number) for number in re.findall(r"(\d+) MB more", shown)]
    assert len(growths) == 5
    assert max(growths) < 100, shown  # of 200 MB of pixels
    assert list(tmp_path.iterdir()) == []
