"""The further ranks of a run, as rank 0 sees them: they are told the run's folder, watched, and told the end."""

import atexit
import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import torch.distributed as dist

from akshar.errors import AksharError, Interrupted
from akshar.runs.run_dir import RunDir
from akshar.training.rank_channel import JOIN, Channel, cluster_environment, listen

log = logging.getLogger(__name__)

LATE = 60.0  # seconds that a command which ends early waits for ranks that have not even come
LOST = 20.0  # seconds rank 0 has to notice a lost rank by itself, before it is ended
NOTICED = 2.0  # seconds a failed exchange may be ahead of the news of the rank that made it fail


def rank_log(run_dir: RunDir, rank: int) -> Path:
    """Path of what a further rank prints."""
    return run_dir.path / f"rank-{rank}.log"


@dataclass
class _Rank:
    channel: Channel
    process: str
    ready: bool = False
    problem: str | None = field(default=None)


class FurtherRanks:
    """Opened by rank 0 before they can come.

    Attributes:
        launched: those that srun or torchrun started with this process; None where it was started alone.
        exit_code: with which they end.
    """

    launched: ClassVar["FurtherRanks | None"] = None

    def __init__(self) -> None:
        environment = cluster_environment()
        self._expected = range(1, environment.world_size())
        self._store, self._listener = listen(environment)
        self._deadline = time.monotonic() + JOIN
        self._ranks: dict[int, _Rank] = {}
        self._changed = threading.Condition()
        self._trained: RunDir | None = None
        self.processes: Sequence[subprocess.Popen[bytes]] = ()  # that rank 0 started itself
        self.exit_code = 1
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        """Make these the ranks of every training in this process."""
        FurtherRanks.launched = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Note the exit code, with which they end once this process does: it has the last word."""
        FurtherRanks.launched = None
        if error is not None:
            self.exit_code = error.exit_code if isinstance(error, AksharError | Interrupted) else 1
        atexit.register(self.end, wait=LATE)

    def end(self, wait: float = 0.0) -> None:
        """Tell them to end with `exit_code`, also those that come within `wait` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._ranks.keys() >= {*self._expected}, wait)
            for rank in self._ranks.values():
                rank.channel.send(end=self.exit_code)

    def close(self) -> None:
        """Let them end before this process does."""
        for rank in self._ranks.values():
            rank.channel.close()

    @contextmanager
    def training(self, run_dir: RunDir) -> Iterator[None]:
        """Train with them inside the `with` block.

        Args:
            run_dir: of the run, whose config and record are written.

        Raises:
            AksharError: one of them failed or was lost.
        """
        self._await(run_dir, lambda: self._ranks.keys() >= {*self._expected})
        for rank in self._ranks.values():
            rank.channel.send(run=str(run_dir.path))
        self._await(run_dir, lambda: all(rank.ready for rank in self._ranks.values()))
        self._trained = run_dir
        try:
            yield
        except Exception as error:
            # When this process stops by itself, the others may end with an error because of that.
            if not isinstance(error, AksharError) and (problem := self._problem(run_dir, wait=NOTICED)):
                raise AksharError(problem) from error
            raise
        finally:
            self._trained = None
            if dist.is_initialized():
                dist.destroy_process_group()

    def _await(self, run_dir: RunDir, condition: Callable[[], bool]) -> None:
        with self._changed:
            while not condition():
                if problem := self._problem(run_dir):
                    raise AksharError(problem)
                self._changed.wait(0.5)

    def _problem(self, run_dir: RunDir, wait: float = 0.0) -> str | None:
        """Say which rank failed or is missing, if one is or becomes so within `wait` seconds."""
        deadline = time.monotonic() + wait
        while True:
            for number in self._expected:
                rank = self._ranks.get(number)
                if rank is None and (missing := self._missing(number)):
                    return f"rank {number} {missing}; its output: {rank_log(run_dir, number)}"
                if rank is not None and rank.problem:
                    output = rank_log(run_dir, number)
                    return f"rank {number} ({rank.process}) {rank.problem}; its output: {output}"
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.05)

    def _missing(self, number: int) -> str | None:
        """Say why a rank that has not come will not."""
        code = self.processes[number - 1].poll() if self.processes else None
        if code is not None:
            return f"ended with code {code} before it joined the run"
        return f"did not join the run within {JOIN:.0f} seconds" if time.monotonic() > self._deadline else None

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except (AuthenticationError, EOFError, OSError):  # of a stranger
                continue
            threading.Thread(target=self._hear, args=(Channel(connection),), daemon=True).start()

    def _hear(self, channel: Channel) -> None:
        """Note what one rank says, and whether it is lost."""
        hello = channel.receive()
        if hello is None:
            return
        rank = _Rank(channel, hello["process"])
        with self._changed:
            self._ranks[hello["rank"]] = rank
            self._changed.notify_all()
        while (message := channel.receive()) is not None:
            with self._changed:
                rank.ready = rank.ready or "ready" in message
                rank.problem = message.get("problem")
                self._changed.notify_all()
            if rank.problem:
                break
        else:
            with self._changed:
                rank.problem = "was lost"
                self._changed.notify_all()
        if (run_dir := self._trained) is not None:
            self._end_where_stuck(run_dir)

    def _end_where_stuck(self, run_dir: RunDir) -> None:
        """End this process where it would wait forever for a lost rank."""
        deadline = time.monotonic() + LOST
        while time.monotonic() < deadline:
            if self._trained is None:
                return
            time.sleep(0.1)
        problem = self._problem(run_dir) or "a rank was lost"
        log.error(problem)
        run_dir.write_status("failed", error=problem)
        self.end()
        os._exit(1)
