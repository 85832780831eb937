"""Speed, as ratios measured in one run; what the README says of it comes from the same scripts."""

import subprocess
import sys

import pytest

from akshar.benchmarks import pipeline, step, sweeps
from akshar.memory import keep_freed_memory


@pytest.mark.slow
@pytest.mark.timing
def test_the_input_pipeline_is_ten_times_imagefolder_s():
    keep_freed_memory()
    measured = pipeline.measure_pipeline(images=9200, batch_size=32)
    times = measured[pipeline.OURS].times(measured[pipeline.FOLDER])
    print({name: f"{figure.median:,.0f} images/s" for name, figure in measured.items()}, f"{times:.1f} times")
    assert times >= 10


@pytest.mark.slow
@pytest.mark.timing
def test_lightning_costs_little_over_a_bare_loop():
    keep_freed_memory()
    bare, fit = step.measure_step(step.tiny_net, steps=2000).values()
    print(f"{step.overhead(bare, fit):.3f} ms a step over {bare.median:.3f} ms")
    assert step.overhead(bare, fit) <= 0.6


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
