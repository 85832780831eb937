"""Many short jobs: one sweep, one with two workers, and a process each, in one measurement.

`python -m akshar.benchmarks.sweeps [--jobs 32]`
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=32)
    parser.add_argument("--separate", type=int, help="processes that are timed, of which the sum is reckoned")
    asked = parser.parse_args(arguments)
    separate = asked.separate or asked.jobs
    one_thread = {"OMP_NUM_THREADS": "1"}
    seeds = f"seed=range(0,{asked.jobs})"
    with tempfile.TemporaryDirectory() as place:
        _run(place, [*JOB], {})  # draws the glyphs
        sweep = _run(place, ["-m", *JOB, seeds], {})
        workers = _run(place, ["-m", *JOB, seeds, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"], one_thread)
        alone = sum(_run(place, [*JOB, f"seed={seed}"], {}) for seed in range(separate)) * asked.jobs / separate
    timed = f"{separate} of them timed" if separate < asked.jobs else "one after the other"
    print(f"{asked.jobs} processes of `akshar train` ({timed}): {alone:.0f} s")
    print(f"one sweep of {asked.jobs} jobs: {sweep:.0f} s, {sweep / alone:.2f} of that")
    print(f"one sweep with two joblib workers of one thread each: {workers:.0f} s, {workers / alone:.2f} of that")


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
