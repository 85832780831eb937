"""A further rank of a run: it learns the run's folder from rank 0, trains with it, and writes nothing."""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch.distributed as dist
import yaml
from pytorch_lightning.loggers.logger import DummyLogger

from akshar.config.schema import TrainConfig
from akshar.errors import Diverged, Interrupted, UsageError
from akshar.memory import keep_freed_memory
from akshar.runs.heartbeat import this_process
from akshar.runs.run_dir import RunDir
from akshar.training.fit import fit
from akshar.training.further_ranks import rank_log
from akshar.training.interrupts import SIGNALS, Interrupts
from akshar.training.job import describe, quiet_libraries
from akshar.training.rank_channel import Channel, cluster_environment, dial
from akshar.training.setup import set_up

GRACE = 10.0  # seconds to leave a training that rank 0 has ended


def join() -> int:
    """Take part in the run of rank 0.

    Returns:
        The exit code of rank 0, once it has ended; 1 where it was lost.

    Raises:
        AksharError: rank 0 does not answer.
    """
    environment = cluster_environment()
    number = environment.global_rank()
    channel = dial(environment)
    channel.send(rank=number, process=this_process())
    zero = _RankZero(channel, speaks=number == 1)
    with suppress(Interrupted), Interrupts() as interrupts, interrupts.deferred():  # stops with all, in a step
        if (folder := zero.run_folder()) is not None:
            with _printing_to(rank_log(RunDir(folder), number)):
                try:
                    _train(RunDir(folder), channel, interrupts)
                except (Diverged, Interrupted):
                    pass  # rank 0 ends the same way, and reports it
                except (Exception, SystemExit) as error:
                    traceback.print_exc()
                    channel.send(problem=f"failed: {describe(error)}")
        for signal_number in SIGNALS:  # rank 0 decides from here on
            signal.signal(signal_number, signal.SIG_IGN)
        zero.ended.wait()
    return zero.exit_code


def _train(run_dir: RunDir, channel: Channel, interrupts: Interrupts) -> None:
    """Build the run in a folder and train with the other ranks."""
    keep_freed_memory()
    quiet_libraries()
    if not run_dir.config.is_file():
        raise UsageError(
            f"{run_dir.path}: not here; all nodes must see the run's folder: choose one by hydra.run.dir"
        )
    config = TrainConfig.model_validate(yaml.safe_load(run_dir.config.read_text(encoding="utf-8")))
    setup = set_up(config, run_dir, resume_from="last")
    channel.send(ready=True)
    fit(setup, (DummyLogger(),), interrupts)  # which a LightningModule of one's own may use
    dist.destroy_process_group()


@contextmanager
def _printing_to(path: Path) -> Iterator[None]:
    """Append everything that this process prints to a file, which is removed if it stays empty."""
    streams = (sys.stdout, sys.stderr)
    before = [os.dup(number) for number in (1, 2)]
    with path.open("ab") as file:
        for number in (1, 2):
            streams[number - 1].flush()
            os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        for number, old in zip((1, 2), before, strict=True):
            streams[number - 1].flush()
            os.dup2(old, number)
            os.close(old)
        if not path.stat().st_size:
            path.unlink()


class _RankZero:
    """What rank 0 says, heard beside the training.

    Args:
        channel: to it.
        speaks: whether this rank reports that rank 0 was lost.

    Attributes:
        ended: set when rank 0 has ended.
        exit_code: with which.
    """

    def __init__(self, channel: Channel, speaks: bool):
        self._channel = channel
        self._speaks = speaks
        self._folder: Path | None = None
        self._told = threading.Event()
        self._stderr = os.dup(sys.__stderr__.fileno()) if sys.__stderr__ else None
        self.ended = threading.Event()
        self.exit_code = 1
        threading.Thread(target=self._hear, daemon=True).start()

    def run_folder(self) -> Path | None:
        """Wait for the run's folder; None where rank 0 ended before it had one."""
        self._told.wait()
        return self._folder

    def _hear(self) -> None:
        said = False
        while (message := self._channel.receive()) is not None:
            if "run" in message:
                self._folder = Path(message["run"])
                self._told.set()
            if "end" in message:
                said, self.exit_code = True, message["end"]
                threading.Timer(GRACE, self._leave).start()
        if not said and self._speaks and self._stderr is not None:
            os.write(self._stderr, b"error: rank 0 was lost, and the other ranks end with it\n")
        self.ended.set()
        self._told.set()
        time.sleep(GRACE)
        self._leave()

    def _leave(self) -> None:
        """End this process where it waits in an exchange that will not come about."""
        os._exit(self.exit_code)


if __name__ == "__main__":
    sys.exit(join())
