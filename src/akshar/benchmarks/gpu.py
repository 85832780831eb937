"""Verifies akshar on a GPU: the CPU's accuracy within the spread, speed, precisions, repetition bit for bit, DDP.

Run: `python -m akshar.benchmarks.gpu`. It trains small networks on drawn characters in a temporary folder, prints
one table, and writes `gpu.json` to the working directory: the file to send back. That holds hardware, versions and
figures, and no paths or names of users and machines. `--device cpu` tries the command out without a GPU.
"""

import argparse
import json
import math
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from akshar.benchmarks.step import OURS, PLAIN, measure_step
from akshar.files import write_json
from akshar.models.compact import Compact
from akshar.runs.checkpoint import read_checkpoint, weights_digest
from akshar.runs.provenance import environment
from akshar.streams import print_error
from akshar.tables import Column, print_table
from akshar.training.job import quiet_libraries

CONFIG = (
    "data=glyphs data.train_per_class=200 data.test_per_class=50 augment=none model.widths=[16,32] "
    "model.blocks=[0,1] trainer.max_epochs=6 logger=none"
).split()
SEEDS = (1, 2, 3)
FLOAT32 = "trainer.precision=32-true"
STEPS, BATCH, CLASSES = 40, 256, 46  # of the measured step
PATH = re.compile(r"(?:[A-Za-z]:)?[\\/][\w.~+\\/-]+")


@dataclass(frozen=True)
class Run:
    """One training: its test accuracy, [0, 1], on so many images, its speed, and sha256 of its best weights."""

    accuracy: float
    images: int
    images_per_second: float
    device: str
    weights: str
    metrics: dict[str, float]


@dataclass(frozen=True)
class Check:
    """One row of the table: what was found, in words and as plain values; `passed` is None for a measurement."""

    name: str
    found: str
    passed: bool | None
    figures: dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every check; return 0, 1 if one did not pass, 2 without a GPU."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu", help="cpu tries the command out")
    parser.add_argument("--output", type=Path, default=Path("gpu.json"), help="file to write (gpu.json)")
    args = parser.parse_args(arguments)
    device: str = args.device
    if device == "gpu" and not torch.cuda.is_available():
        print_error(f"torch {torch.__version__} finds no GPU; --device cpu tries this command out on the processor")
        return 2
    checks = []
    for name, check in CHECKS.items():
        print(f"{name} ...", file=sys.stderr, flush=True)
        checks.append(_tried(name, check, device))
    columns = [Column("check"), Column("found"), Column("")]
    verdicts = {True: "ok", False: "FAILED", None: ""}
    print_table(columns, [(check.name, check.found, verdicts[check.passed]) for check in checks], _title())
    write_json(args.output, {**hardware(), "device": device, "checks": [asdict(check) for check in checks]})
    print(f"please send back {args.output}")
    return int(any(check.passed is False for check in checks))


def _tried(name: str, check: Callable[[str], Check], device: str) -> Check:
    try:
        return check(device)
    except Exception as error:  # the other checks say something even so
        text = PATH.sub("PATH", f"{type(error).__name__}: {error}".strip().splitlines()[-1])
        return Check(name, text, False, {"error": text})


def accuracy(device: str) -> Check:
    """Compare the accuracy on a device with that on the CPU."""
    return _compare("accuracy", {"cpu": ("trainer.accelerator=cpu",), "device": (f"trainer.accelerator={device}",)})


def _compare(name: str, ways: Mapping[str, Sequence[str]]) -> Check:
    """Compare the accuracies of two ways to train over seeds, both in float32."""
    runs = {way: [train(FLOAT32, *words, f"seed={seed}") for seed in SEEDS] for way, words in ways.items()}
    scores = {way: [run.accuracy for run in done] for way, done in runs.items()}
    first, second = (statistics.mean(values) for values in scores.values())
    # Two standard deviations of a difference: of seeds, and of what so few images can tell
    spread = sum(statistics.variance(values) for values in scores.values())
    mean, images = (first + second) / 2, next(iter(runs.values()))[0].images
    bound = 2 * math.sqrt(spread + 2 * mean * (1 - mean) / images)
    found = [
        f"{way} {statistics.mean(scores[way]):.2%} ± {statistics.stdev(scores[way]):.2%}, "
        f"{statistics.mean(run.images_per_second for run in done):,.0f} images/s"
        for way, done in runs.items()
    ]
    figures = {"bound": bound, "runs": {way: [asdict(run) for run in done] for way, done in runs.items()}}
    return Check(name, f"{'; '.join(found)}; may differ by {bound:.2%}", abs(first - second) <= bound, figures)


def step(device: str) -> Check:
    """Measure a training step of `compact`, beside Lightning's Trainer with nothing of ours."""
    measured = measure_step(lambda: Compact(CLASSES, in_channels=1), STEPS, BATCH, rounds=3, accelerator=device)
    text = f"{measured[OURS].median:.1f} ms for {BATCH} images, Lightning alone: {measured[PLAIN].median:.1f} ms"
    return Check("step", text, None, {name: figure.as_json() for name, figure in measured.items()})


def precision(device: str) -> Check:
    """Train in float32 and in bf16."""
    words = f"trainer.accelerator={device}"
    runs = {name: train(words, f"trainer.precision={name}") for name in ("32-true", "bf16-mixed")}
    text = ", ".join(f"{name} {run.images_per_second:,.0f} images/s" for name, run in runs.items())
    figures = {name: {"images_per_second": run.images_per_second, **run.metrics} for name, run in runs.items()}
    learned = all(run.accuracy > 5 / CLASSES for run in runs.values())
    return Check("epoch", text, learned, figures)


def repetition(device: str) -> Check:
    """Train twice with `deterministic=true`."""
    first, second = (train("deterministic=true", f"trainer.accelerator={device}") for _ in range(2))
    same = first.weights == second.weights and first.metrics == second.metrics
    text = "weights and metrics are the same, bit for bit" if same else "weights or metrics differ"
    return Check("deterministic=true", text, same, {"metrics": [first.metrics, second.metrics]})


def ddp(device: str) -> Check:
    """Train on all devices; on the processor in two processes."""
    devices = torch.cuda.device_count() if device == "gpu" else 2
    if devices < 2:
        return Check("DDP", "not checked: one GPU", None, {"devices": devices})
    words = (f"trainer.accelerator={device}",)
    return _compare("DDP", {"one": words, f"all {devices}": (*words, "trainer=ddp", f"trainer.devices={devices}")})


CHECKS = {"accuracy": accuracy, "step": step, "epoch": precision, "deterministic=true": repetition, "DDP": ddp}


def train(*words: str) -> Run:
    """Run `akshar train` in a process of its own.

    Raises:
        RuntimeError: it failed; the last line of the message is the last that it printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "akshar", "train", *CONFIG, *words, "hydra.run.dir=run"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr or "failed without a message")
        result = json.loads((Path(folder) / "run" / "result.json").read_text(encoding="utf-8"))
        weights = weights_digest(read_checkpoint(Path(folder) / "run").weights)
    test, fit = result["test"], result["fit"]
    return Run(test["accuracy"], test["total"], fit["images_per_second"], fit["device"], weights, result["metrics"])


def hardware() -> dict[str, Any]:
    """Describe the machine and the versions, without names of users, machines or folders."""
    here = environment()
    gpus = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return {
        "cpu": here.host.cpu,
        "cores": here.host.cores,
        "threads": here.host.threads,
        "system": here.host.system,
        "gpus": [{"name": gpu.name, "gigabytes": round(gpu.total_memory / 1e9, 1)} for gpu in gpus],
        "versions": here.versions,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "commit": here.git.commit,
    }


def _title() -> str:
    found = hardware()
    gpus = ", ".join(gpu["name"] for gpu in found["gpus"]) or "no GPU"
    return f"{gpus}; {found['cpu']}, {found['threads']} threads, torch {found['versions']['torch']}"


if __name__ == "__main__":
    quiet_libraries()
    sys.exit(main())
