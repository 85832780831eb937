"""Seconds that a sweep of thousands of jobs costs beside its trainings: checking, listing, tabulating, resuming.

Run: `python -m akshar.benchmarks.many_runs`. One tiny run is trained on glyphs; the folders of all others are made
of it, with configs, results and claims of their own, and hard links to the files that nothing rewrites. Resuming
trains the last job, whose folder is removed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from akshar.config.compose import compose, composing
from akshar.config.schema import TrainConfig
from akshar.runs.index_file import SETTLED
from akshar.runs.provenance import environment
from akshar.runs.run_dir import RunDir
from akshar.sweeps.remaining import Digests, job_key
from akshar.sweeps.sweep_dir import CLAIM
from akshar.sweeps.sweep_grid import Job, check_jobs
from akshar.tables import Column, print_table

TINY = ("data=glyphs", "data.train_per_class=20", "data.test_per_class=5", "data.batch_size=64")
TINY += ("trainer.max_epochs=2", "model.widths=[8,16]", "model.blocks=[0,0]", "logger=none")
SWEEP = "outputs/multirun/sweep"
OWN = ("config.yaml", "result.json", "status.json", CLAIM)  # written for each run
STEPS = ("check", "runs, first", "runs, again", "sweep", "resume")


def words_of(count: int) -> list[str]:
    """Overrides of a grid: two seeds of each learning rate."""
    rates = ",".join(f"{0.0001 * (number + 1):.4f}" for number in range(count // 2))
    return [*TINY, f"optimizer.lr={rates}", "seed=1,2"]


def measure(place: Path, count: int) -> dict[str, float]:
    """Make a sweep of that many jobs in an empty folder, and take the seconds of each of `STEPS`.

    Args:
        place: where the commands run.
        count: number of jobs, even.
    """
    words = words_of(count)
    with composing("train"):
        hydra = compose("train", words, TrainConfig, multirun=True).tree.hydra
        began = time.perf_counter()
        jobs = check_jobs(words, hydra)
        seconds = {"check": time.perf_counter() - began}
    first = [*TINY, "optimizer.lr=0.0001", "seed=1", f"hydra.sweep.dir={SWEEP}"]
    _seconds(place, "train", "-m", *first)
    make_runs(place / SWEEP, jobs)
    time.sleep(2 * SETTLED / 1e9)
    seconds["runs, first"] = _seconds(place, "runs")
    seconds["runs, again"] = _seconds(place, "runs")
    seconds["sweep"] = _seconds(place, "sweep", SWEEP)
    shutil.rmtree(place / SWEEP / str(count - 1))
    seconds["resume"] = _seconds(place, "train", "-m", *words, f"hydra.sweep.dir={SWEEP}")
    return seconds


def make_runs(sweep: Path, jobs: Sequence[Job]) -> None:
    """Make the folder of every job but the first, which has run."""
    model = RunDir(sweep / "0")
    result = json.loads(model.result.read_text(encoding="utf-8"))
    shared = [path for path in model.path.rglob("*") if path.is_file() and path.name not in OWN]
    digests = Digests()
    for job in jobs[1:]:
        run_dir = RunDir(sweep / str(job.number))
        for path in shared:
            link = run_dir.path / path.relative_to(model.path)
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, link)
        record = job.config.to_record()
        run_dir.write_config(record)
        best = result["best"] | {
            "val_accuracy": 0.5 + job.number % 997 / 2000,
            "val_loss": 1 / (1 + job.number % 997),
        }
        run_dir.result.write_text(json.dumps(result | {"config": record, "best": best}, indent=2), encoding="utf-8")
        run_dir.status.write_bytes(model.status.read_bytes())
        (run_dir.path / CLAIM).write_text(job_key(job.config, digests), encoding="utf-8")


def _seconds(place: Path, *words: str) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "akshar", *words]
    environ = {**os.environ, "AKSHAR_CACHE": str(place / "cache")}
    done = subprocess.run(command, cwd=place, env=environ, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]}\n{done.stderr}")
    return time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one row for each number of jobs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1_000, 10_000], help="numbers of jobs, even")
    args = parser.parse_args(arguments)
    host = environment().host
    print(f"{host.cpu}, {host.threads} threads, {host.system}")
    rows = []
    for count in args.jobs:
        with tempfile.TemporaryDirectory() as place:
            seconds = measure(Path(place), count)
        rows.append([f"{count:,}", *(f"{seconds[step]:.1f} s" for step in STEPS)])
        print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    print_table([Column("jobs", right=True), *(Column(step, right=True) for step in STEPS)], rows)


if __name__ == "__main__":
    main()
