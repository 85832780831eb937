"""Many short jobs: one sweep, one sweep with two workers, and one process per job.

Run: `python -m akshar.benchmarks.sweeps [--jobs 32]`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

# About a second of training, on glyphs that an untimed run has drawn before.
JOB = (
    "data=glyphs data.train_per_class=20 data.test_per_class=5 data.batch_size=64 trainer.max_epochs=2 "
    "model.widths=[8,16] model.blocks=[0,0] trainer.accelerator=cpu dead_after=9"
).split()
SEPARATE, SWEEP, WORKERS = "processes", "sweep", "sweep with two joblib workers of one thread each"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the seconds of each way and its share of separate processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=32)
    parser.add_argument("--separate", type=int, help="processes to time, from which the sum is extrapolated")
    args = parser.parse_args(arguments)
    seconds = measure_sweeps(args.jobs, args.separate or args.jobs)
    for name, spent in seconds.items():
        print(f"{args.jobs} jobs, {name}: {spent:.0f} s, {spent / seconds[SEPARATE]:.2f} of separate processes")


def measure_sweeps(jobs: int, separate: int, workers: bool = True) -> dict[str, float]:
    """Seconds of all jobs, by the way they are run.

    Args:
        jobs: number of jobs.
        separate: number of processes to time, from which the sum is extrapolated.
        workers: whether to measure two joblib workers too.
    """
    seeds = f"seed=range(0,{jobs})"
    with tempfile.TemporaryDirectory() as place:
        _run(place, [*JOB], {})  # draws the glyphs
        alone = sum(_run(place, [*JOB, f"seed={seed}"], {}) for seed in range(separate))
        seconds = {SEPARATE: alone * jobs / separate, SWEEP: _run(place, ["-m", *JOB, seeds], {})}
        if workers:
            joblib = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
            seconds[WORKERS] = _run(place, ["-m", *JOB, seeds, *joblib], {"OMP_NUM_THREADS": "1"})
    return seconds


def _run(place: str, words: Sequence[str], environment: Mapping[str, str]) -> float:
    """Seconds of one `akshar train` in a folder."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "akshar", "train", *words],
        cwd=place,
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
