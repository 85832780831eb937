"""What `akshar train --dry-run` predicts, beside the same runs: time, memory and disk of ten configs.

Run: `python -m akshar.benchmarks.dry_run`. Each config is rehearsed and then trained, each in a new process. All of
them draw their data. On a machine that does other work as well, `OMP_NUM_THREADS=1 ... --cpu-time` predicts and
measures seconds of the processor, which with one thread are those that an idle machine takes.
"""

import argparse
import json
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from akshar.memory import peak_memory
from akshar.runs.provenance import environment
from akshar.tables import Column, print_table

SMALL = ("data=glyphs", "data.train_per_class=100", "data.test_per_class=20")
DIGITS = ("data=glyphs", "data.subset=digits")
CONFIGS = {
    "quickstart": ("experiment=quickstart",),
    "compact": ("data=glyphs", "trainer.max_epochs=3"),
    "batches of 32, ten digits": (
        "data=glyphs",
        "data.subset=digits",
        "data.batch_size=32",
        "trainer.max_epochs=4",
    ),
    "batches of 512, sgd": (*SMALL, "data.batch_size=512", "optimizer=sgd", "trainer.max_epochs=6"),
    "tutorial's network": (*SMALL, "model=tutorial", "optimizer=sgd", "optimizer.lr=0.01", "trainer.max_epochs=3"),
    "separable, augment=strong": (*SMALL, "model=separable", "augment=strong", "trainer.max_epochs=5"),
    "resnet18 of torchvision": (*SMALL, "model=resnet18", "augment=none", "trainer.max_epochs=2"),
    "ema, tensorboard and csv": (*SMALL, "callbacks=ema", "logger=[tensorboard,csv]", "trainer.max_epochs=5"),
    "muon, 4 metrics, best alone": (
        *SMALL,
        "optimizer=muon",
        "metrics=[f1,auroc,top5,calibration_error]",
        "checkpoint.keep=best",
        "trainer.max_epochs=4",
    ),
    "ends by max_steps, float32": (*SMALL, "trainer.precision=32-true", "trainer.max_steps=100", "test=false"),
}


@dataclass(frozen=True)
class Cost:
    """What a run took, or will take.

    Attributes:
        seconds: from the start of its process to the end of the run.
        memory: most resident memory, bytes.
        disk: in its folder, bytes.
    """

    seconds: float
    memory: float
    disk: float

    def __sub__(self, other: "Cost") -> list[float]:
        """Relative differences: time, memory, disk."""
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return [mine / theirs - 1 for mine, theirs in pairs]


def predict(words: Sequence[str], options: Sequence[str] = ()) -> Cost:
    """Rehearse a config in a new process."""
    found = _in_process("predict", [*options, *words])
    return Cost(found["seconds"], found["memory"], found["disk"])


def measure(words: Sequence[str], options: Sequence[str] = ()) -> Cost:
    """Train a config in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        found = _in_process("measure", [*options, *words, f"hydra.run.dir={folder}/run"])
        if not Path(folder, "run", "result.json").exists():
            raise RuntimeError(f"{' '.join(words)}: failed")
        files = {path.stat().st_ino: path.stat() for path in Path(folder).rglob("*") if path.is_file()}
    return Cost(found["seconds"], found["memory"], sum(status.st_size for status in files.values()))


def _in_process(action: str, words: Sequence[str]) -> dict[str, float]:
    command = [sys.executable, "-m", "akshar.benchmarks.dry_run", "--in-process", action, *words]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def _predict_here(words: Sequence[str], began: float) -> dict[str, float]:
    """Do what `akshar train --dry-run` does, and return the figures unrounded."""
    from akshar.config.compose import compose, composing
    from akshar.config.schema import TrainConfig
    from akshar.training.dry_run import rehearse

    with composing("train"):
        config = compose("train", words, TrainConfig).config
    estimate = rehearse(config, began)
    return {"seconds": estimate.seconds, "memory": estimate.memory or 0, "disk": estimate.disk}


def _measure_here(words: Sequence[str], began: float) -> dict[str, float]:
    """Run `akshar train` in this process, whose memory it then knows."""
    sys.argv = ["akshar", "train", *words]
    with redirect_stdout(sys.stderr), suppress(SystemExit):  # a failed run leaves no result, which is seen later
        runpy.run_module("akshar", run_name="__main__")
    return {"seconds": time.perf_counter() - began, "memory": peak_memory() or 0}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one row for each config."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", action="append", choices=CONFIGS, help="one of the configs")
    parser.add_argument("--cpu-time", action="store_true", help="seconds of the processor")
    parser.add_argument("--in-process", choices=("predict", "measure"), help=argparse.SUPPRESS)
    args, words = parser.parse_known_args(arguments)
    if args.in_process:
        if args.cpu_time:
            time.perf_counter = time.process_time
        began = time.perf_counter()
        print(json.dumps((_predict_here if args.in_process == "predict" else _measure_here)(words, began)))
        return
    options = ["--cpu-time"] if args.cpu_time else []
    host = environment().host
    print(f"{host.cpu}, {host.threads} threads, {host.system}")
    rows, errors = [], []
    for name in args.only or CONFIGS:
        predicted, measured = predict(CONFIGS[name], options), measure(CONFIGS[name], options)
        error = predicted - measured
        errors.append(error)
        rows.append(
            (
                name,
                f"{predicted.seconds:.0f} / {measured.seconds:.0f} s",
                f"{predicted.memory / 1e6:,.0f} / {measured.memory / 1e6:,.0f} MB",
                f"{predicted.disk / 1e6:,.1f} / {measured.disk / 1e6:,.1f} MB",
                ", ".join(f"{share:+.0%}" for share in error),
            )
        )
        print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    columns = [Column("config"), *(Column(name, right=True) for name in ("time", "memory", "disk", "error"))]
    print_table(columns, rows, "predicted / measured")
    within = sum(all(abs(share) <= 0.25 for share in error) for error in errors)
    print(f"within 25 % in all three: {within} of {len(errors)}")


if __name__ == "__main__":
    main()
