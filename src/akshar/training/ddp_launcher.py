"""The worker processes of a run over several devices: started before fit, watched, and ended after it."""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType

import torch.distributed as dist

from akshar.errors import AksharError
from akshar.runs.run_dir import RunDir

log = logging.getLogger(__name__)

GRACE = 30.0  # seconds a worker has to end after training
LOST = 20.0  # seconds rank 0 has to notice a lost worker, before it is ended too
RANK = "LOCAL_RANK"  # tells Lightning that its processes are started already


class DDPLauncher:
    """Runs `devices - 1` workers, which build the same run from its folder and train with this process.

    Args:
        run_dir: of the run, whose config and record are written.
        devices: number of processes in all.
    """

    def __init__(self, run_dir: RunDir, devices: int):
        self.run_dir = run_dir
        self.devices = devices
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended = threading.Event()

    def __enter__(self) -> "DDPLauncher":
        """Start the workers."""
        if self.devices > 1:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            own = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(self.devices), RANK: "0"}
            self._before = {name: os.environ.get(name) for name in own}
            os.environ |= own
            self._processes = [self._start(number) for number in range(1, self.devices)]
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the workers, or end them where this process failed.

        Raises:
            AksharError: a worker was lost.
        """
        if not self._processes:
            return
        self._ended.set()
        # When this process stops by itself, the workers may end with an error because of that.
        own = error is not None and (isinstance(error, AksharError) or not isinstance(error, Exception))
        lost = "" if own else self._lost(wait=2.0 if error else 0.0)
        deadline = time.monotonic() + (GRACE if error is None else 0.0)
        for process in self._processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for number in range(1, self.devices):
            if not self._log(number).stat().st_size:
                self._log(number).unlink()
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if dist.is_initialized():
            dist.destroy_process_group()
        if lost:
            raise AksharError(lost) from error

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        with self._log(number).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "akshar.training.ddp_worker", str(self.run_dir.path)],
                # The folder of a script that started this is where its modules are
                env=os.environ | {RANK: str(number), "PYTHONPATH": os.pathsep.join(sys.path)},
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for rank 0, which lets all save
            )

    def _log(self, number: int) -> Path:
        return self.run_dir.path / f"rank-{number}.log"

    def _lost(self, wait: float) -> str:
        """Say which worker ended with an error, if one did or does so within `wait` seconds."""
        deadline = time.monotonic() + wait
        while True:
            for number, process in enumerate(self._processes, start=1):
                if process.poll():
                    output = self._log(number)
                    return (
                        f"the process of device {number} ended with code {process.returncode}; its output: {output}"
                    )
            if time.monotonic() >= deadline:
                return ""
            time.sleep(0.05)

    def _watch(self) -> None:
        """End this process where it would wait forever for a lost worker."""
        while not self._ended.wait(1.0):
            if lost := self._lost(wait=0.0):
                if self._ended.wait(LOST):
                    return
                log.error(lost)
                self.run_dir.write_status("failed", error=lost)
                os._exit(1)
