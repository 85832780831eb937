"""What `akshar train` does before its first step, beside importing torch and Lightning alone.

Run: `OMP_NUM_THREADS=1 python -m akshar.benchmarks.start [--rounds 5] [OVERRIDE ...]`. In each round one process
imports the libraries, and another does what the command does, up to the first step. Seconds are those of the
processor, which on a machine that does other work as well change less than those of the clock.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = "import torch, pytorch_lightning"  # what a start is compared with
# Phases of a start
CONFIG = "compose and check the config"
IMPORTS = "import everything else"
DATA = "load the data"
SETUP = "build and record the run"
FIRST_STEP = "Trainer, to the first step"

WORDS = (
    "data=glyphs data.train_per_class=20 data.test_per_class=5 data.batch_size=64 model.widths=[8,16] "
    "model.blocks=[0,0] trainer.max_epochs=1 trainer.precision=32-true trainer.accelerator=cpu"
).split()


@dataclass(frozen=True)
class Start:
    """What one process did before it was ready.

    Attributes:
        seconds: phase -> seconds of the processor, from the start of the process.
        modules: phase -> names of the modules that it imported.
        collections: searches of all objects for garbage.
    """

    seconds: dict[str, float]
    modules: dict[str, list[str]]
    collections: int

    @property
    def without_data(self) -> float:
        """Seconds of everything but loading the data."""
        return sum(self.seconds.values()) - self.seconds.get(DATA, 0)

    @property
    def packages(self) -> set[str]:
        """Packages of which a module was imported."""
        return {name.partition(".")[0] for names in self.modules.values() for name in names}


class _Notes:
    """Notes the end of each phase of this process."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.modules: dict[str, list[str]] = {}
        self._seen: set[str] = set()

    def end(self, phase: str) -> None:
        """Note what was done since the phase before."""
        times = os.times()  # of the programs that were called, as git
        now = time.process_time() + times.children_user + times.children_system
        self.seconds[phase] = now - sum(self.seconds.values())
        self.modules[phase] = sorted({*sys.modules} - self._seen)
        self._seen = {*sys.modules}

    def print(self) -> None:
        """Print the notes as JSON."""
        import gc

        collections = gc.get_stats()[-1]["collections"]
        found = {"seconds": self.seconds, "modules": self.modules, "collections": collections}
        print(json.dumps(found), flush=True)


def measure_libraries() -> Start:
    """Import torch and Lightning in a new process."""
    return _in_process("--libraries")


def measure_start(words: Sequence[str] = WORDS) -> Start:
    """Start a run in a new process, which ends at the first step.

    Args:
        words: overrides of `akshar train`.
    """
    return _in_process("--start", *words)


def _in_process(*arguments: str) -> Start:
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "akshar.benchmarks.start", *arguments]
        done = subprocess.run(command, cwd=place, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return Start(**json.loads(done.stdout.splitlines()[-1]))


def _libraries_here() -> None:
    import pytorch_lightning  # noqa: F401
    import torch  # noqa: F401

    notes = _Notes()
    notes.end(LIBRARIES)
    notes.print()


def _start_here(words: Sequence[str]) -> None:
    """Do what `akshar train` does, and end this process at the first step."""
    from akshar.config.compose import compose, composing
    from akshar.config.hydra_app import run_once
    from akshar.config.schema import TrainConfig
    from akshar.runs.run_dir import RunDir
    from akshar.training.job import EndedJob, run_job

    notes = _Notes()

    def once_torch_is_loaded() -> list:
        from pytorch_lightning.callbacks import LambdaCallback

        from akshar.runs.load_data import load_data

        notes.end(IMPORTS)
        load_data(composed.config.data)  # which the run then finds loaded
        notes.end(DATA)
        return [LambdaCallback(setup=lambda *_, **__: notes.end(SETUP), on_train_batch_start=first_step)]

    def first_step(*_: object) -> None:
        notes.end(FIRST_STEP)
        notes.print()
        os._exit(0)  # the rest of the run is not measured

    def job(folder: Path) -> EndedJob:
        run_dir = RunDir(folder)
        with run_dir.locked():
            return run_job(composed.config, run_dir, extra_callbacks=once_torch_is_loaded)

    with composing("train"):
        composed = compose("train", words, TrainConfig)
        notes.end(CONFIG)
        run_once(composed.tree, job)
    sys.exit("the run ended before its first step")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one row for each phase, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count; one more comes before them")
    parser.add_argument("--libraries", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--start", action="store_true", help=argparse.SUPPRESS)
    args, words = parser.parse_known_args(arguments)
    if args.libraries:
        return _libraries_here()
    if args.start:
        return _start_here(words)
    _report(args.rounds, words or WORDS)


def _report(rounds: int, words: Sequence[str]) -> None:
    from akshar.benchmarks.measured import Measured
    from akshar.tables import Column, print_table

    measure_start(words)  # fills the caches of files, bytecode and data
    libraries, starts = zip(*((measure_libraries(), measure_start(words)) for _ in range(rounds)), strict=True)
    rows = []
    for start in (libraries, starts):
        for phase, modules in start[0].modules.items():
            figure = Measured(phase, "s", tuple(one.seconds[phase] for one in start))
            seconds = (f"{value:.2f}" for value in (figure.median, *figure.spread))
            rows.append((phase, *seconds, f"{len(modules):,}"))
    titles = ("median", "smallest", "largest", "modules")
    columns = [Column("phase"), *(Column(title, right=True) for title in titles)]
    print_table(columns, rows, "seconds of the processor")
    alone, whole = (Measured("", "s", tuple(one.without_data for one in start)) for start in (libraries, starts))
    print(f"without loading the data: {whole.times(alone):.2f} times importing torch and Lightning")


if __name__ == "__main__":
    main()
