"""Speed, as ratios measured in one run; what the README says of it comes from the same scripts."""

import subprocess
import sys

import pytest

from akshar.benchmarks import overhead, pipeline, sweeps
from akshar.memory import keep_freed_memory


@pytest.mark.slow
@pytest.mark.timing
def test_the_input_pipeline_is_ten_times_imagefolder_s():
    keep_freed_memory()
    ours, theirs = pipeline.measure(images=9200, batch_size=32)
    print(f"{ours:,.0f} against {theirs:,.0f} images/s: {ours / theirs:.1f} times")
    assert ours / theirs >= 10


@pytest.mark.slow
@pytest.mark.timing
def test_lightning_costs_little_over_a_bare_loop():
    keep_freed_memory()
    bare, fit = overhead.measure(steps=2000)
    print(f"{fit - bare:.3f} ms a step over {bare:.3f} ms")
    assert fit - bare <= 0.6


@pytest.mark.slow
@pytest.mark.timing
def test_trust_costs_at_most_two_per_cent_of_training(tmp_path):
    command = [sys.executable, "-m", "akshar.benchmarks.trust", "experiment=quickstart", "test=false"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    print(done.stdout)
    assert float(done.stdout.split()[-1].rstrip("%")) <= 2


@pytest.mark.slow
@pytest.mark.timing
def test_a_sweep_takes_a_third_of_the_time_of_separate_processes(capsys):
    sweeps.main(["--jobs", "32", "--separate", "4"])
    lines = capsys.readouterr().out.splitlines()
    print("\n".join(lines))
    assert float(lines[1].split()[-3]) <= 1 / 3


def test_both_measurements_run(monkeypatch):
    monkeypatch.setattr(pipeline, "SECONDS", 0.05)
    ours, theirs = pipeline.measure(images=460, batch_size=32)
    assert min(ours, theirs) > 0
    monkeypatch.setattr(overhead, "ROUNDS", 1)
    bare, fit = overhead.measure(steps=60)
    assert min(fit, bare) > 0
