"""The ranks of a run on several devices: those of the launch, or processes started here for this machine."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from akshar.runs.run_dir import RunDir
from akshar.training.further_ranks import FurtherRanks, rank_log
from akshar.training.hardware import Hardware

GRACE = 30.0  # seconds a process has to end after training


@contextmanager
def ddp_ranks(run_dir: RunDir, hardware: Hardware) -> Iterator[None]:
    """Have every rank of the run train with this process inside the `with` block.

    Args:
        run_dir: of the run, whose config and record are written.
        hardware: number of nodes and devices.

    Raises:
        AksharError: a rank failed or was lost.
    """
    if hardware.world_size == 1:
        yield
    elif FurtherRanks.launched is not None:
        with FurtherRanks.launched.training(run_dir):
            yield
    else:
        with _variables(hardware.devices):
            ranks = FurtherRanks()
            ranks.processes = [_start(run_dir, number) for number in range(1, hardware.devices)]
            try:
                with ranks.training(run_dir):
                    yield
                ranks.exit_code = 0
            finally:
                ranks.end()
                ranks.close()
                _end(ranks.processes)


@contextmanager
def _variables(devices: int) -> Iterator[None]:
    """Set for rank 0 what torchrun would; the store that it opens takes a free port."""
    own = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0", "TORCHELASTIC_USE_AGENT_STORE": "False"}
    own |= {"RANK": "0", "LOCAL_RANK": "0", "GROUP_RANK": "0", "WORLD_SIZE": str(devices)}
    before = {name: os.environ.get(name) for name in own}
    os.environ |= own
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _start(run_dir: RunDir, number: int) -> "subprocess.Popen[bytes]":
    with rank_log(run_dir, number).open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "akshar.training.ddp_worker"],
            # The folder of a script that started this is where its modules are
            env=os.environ
            | {"RANK": str(number), "LOCAL_RANK": str(number), "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for rank 0, which lets all save
        )


def _end(processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    deadline = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
