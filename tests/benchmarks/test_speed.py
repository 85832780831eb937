"""Speed as ratios and counts of work within one run, which hold on fast and slow machines alike.

Seconds are printed by `python -m akshar.benchmarks.NAME`.
"""

import os
import subprocess
import sys

import pytest
import torch

from akshar.benchmarks import pipeline, step, sweeps
from akshar.memory import keep_freed_memory

pytestmark = [pytest.mark.slow, pytest.mark.timing]


@pytest.fixture
def one_thread():
    """Threads that wait for one another on a busy processor would make a ratio a matter of luck."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_the_input_pipeline_on_one_thread_is_ten_times_imagefolder_s_on_two_processes(one_thread):
    keep_freed_memory()
    measured = pipeline.measure_pipeline(2300, 32, seconds=0.5, names=(pipeline.OURS, pipeline.FOLDER))
    times = measured[pipeline.OURS].times(measured[pipeline.FOLDER])
    print({name: f"{figure.median:,.0f} images/s" for name, figure in measured.items()}, f"{times:.1f} times")
    assert times >= 10


def test_a_step_takes_at_most_twice_that_of_lightning_alone(one_thread):
    """With a net so small that a step is little but overhead."""
    keep_freed_memory()
    measured = step.measure_step(step.tiny_net, steps=400)
    times = measured[step.OURS].times(measured[step.PLAIN])
    print({name: f"{figure.median:.3f} ms" for name, figure in measured.items()}, f"{times:.2f} times")
    assert times <= 2


def test_checkpoints_cost_at_most_two_per_cent_of_training(tmp_path):
    words = ("experiment=quickstart", "data.train_per_class=200", "data.test_per_class=1", "trainer.max_epochs=3")
    command = [sys.executable, "-m", "akshar.benchmarks.trust", *words, "test=false"]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=one_thread, capture_output=True, text=True, check=True)
    print(done.stdout)
    assert float(done.stdout.split()[-1].rstrip("%")) <= 2


def test_a_sweep_takes_half_the_time_of_separate_processes():
    """Of eight short jobs; a third of it for the 32 of `python -m akshar.benchmarks.sweeps`."""
    seconds = sweeps.measure_sweeps(jobs=8, separate=2, workers=False)
    print({name: f"{spent:.0f} s" for name, spent in seconds.items()})
    assert seconds[sweeps.SWEEP] <= seconds[sweeps.SEPARATE] / 2
