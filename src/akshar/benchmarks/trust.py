"""What checkpoints and the check for divergence cost, as a share of training.

Run: `python -m akshar.benchmarks.trust [KEY=VALUE ...]`, with the overrides of an `akshar train` (default: five
epochs). Measured inside one run: the time in these callbacks over the time of the whole fit.
"""

import functools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback

from akshar.config.compose import compose, composing
from akshar.config.schema import TrainConfig
from akshar.runs.result import read_result
from akshar.runs.run_dir import RunDir
from akshar.training.callbacks.checkpoint_contents import CheckpointContents
from akshar.training.callbacks.checkpointing import BestCheckpoint, LastCheckpoint
from akshar.training.callbacks.divergence import DivergenceGuard
from akshar.training.job import run_job

BY_DEFAULT = ("trainer.max_epochs=5", "test=false")


class Stopwatch:
    """Adds up the time spent in some functions; a call within another one counts once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._inside = False

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed."""

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            if self._inside:
                return function(*arguments, **named)
            self._inside, start = True, time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - start
                self._inside = False

        return timed


def main() -> None:
    """Print the seconds and the share."""
    words = sys.argv[1:] or [*BY_DEFAULT]
    if words[0] in ("-h", "--help"):
        print(__doc__)
        return
    stopwatch = Stopwatch()
    for part in (BestCheckpoint, LastCheckpoint, CheckpointContents, DivergenceGuard):
        for hook in (name for name in dir(Callback) if name.startswith("on_")):
            if getattr(part, hook) is not getattr(Callback, hook):
                setattr(part, hook, stopwatch.around(getattr(part, hook)))
    with composing("train"):
        config = compose("train", words, TrainConfig).config
    with tempfile.TemporaryDirectory() as folder:
        if code := run_job(config, RunDir(Path(folder, "run"))).exit_code:
            sys.exit(code)
        fit = read_result(RunDir(Path(folder, "run"))).fit
        assert fit is not None
    print(f"training     {fit.seconds:.1f} s, {fit.epochs} epochs, {fit.steps} steps")
    print(f"checkpoints  {stopwatch.seconds:.3f} s")
    print(f"share        {stopwatch.seconds / fit.seconds:.2%}")


if __name__ == "__main__":
    main()
