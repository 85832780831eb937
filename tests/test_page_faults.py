"""How training takes memory from the system."""

import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
FAULTS = """
import resource
from akshar.memory import keep_freed_memory
keep_freed_memory()
import torch
count = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = count()
for _ in range(4):
    torch.zeros({megabytes} << 18)
print((count() - before) / ({megabytes} << 8))  # faults for each page of 4 kB
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not PAGES.exists() or "[never]" in PAGES.read_text(),
    reason="this system has no large pages",
)
@pytest.mark.parametrize("megabytes", [16, 200])
def test_what_a_step_frees_and_takes_again_costs_few_page_faults(megabytes):
    code = FAULTS.format(megabytes=megabytes)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2  # 4 without keeping memory or large pages
