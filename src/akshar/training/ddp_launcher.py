"""The further processes of a run over several devices: begun with its fit, watched, ended with it."""

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

LEFT = 30.0  # seconds a process has for ending by itself once training has
LOST = 20.0  # seconds this one has for finding out that another is gone, before it is ended too
RANK = "LOCAL_RANK"  # by which Lightning knows that its processes are begun already


class DDPLauncher:
    """Inside, `devices - 1` processes build the same run from its folder and train with this one.

    Args:
        folder: of the run, whose record is written.
        devices: processes in all.
    """

    def __init__(self, folder: RunDir, devices: int):
        self.folder = folder
        self.devices = devices
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended = threading.Event()

    def __enter__(self) -> "DDPLauncher":
        """Begins them."""
        if self.devices > 1:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            own = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(self.devices), RANK: "0"}
            self._before = {name: os.environ.get(name) for name in own}
            os.environ |= own
            self._processes = [self._begin(number) for number in range(1, self.devices)]
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for them, or ends them where this process failed.

        Raises:
            AksharError: one of them was lost.
        """
        if not self._processes:
            return
        self._ended.set()
        # When this process stops for a reason of its own, the others may well end in an error over that.
        own = error is not None and (isinstance(error, AksharError) or not isinstance(error, Exception))
        lost = "" if own else self._lost(wait=2.0 if error else 0.0)
        deadline = time.monotonic() + (LEFT if error is None else 0.0)
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

    def _begin(self, number: int) -> subprocess.Popen[bytes]:
        with self._log(number).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "akshar.training.ddp_worker", str(self.folder.path)],
                env=os.environ | {RANK: str(number)},
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for this process, which lets all save
            )

    def _log(self, number: int) -> Path:
        return self.folder.path / f"rank-{number}.log"

    def _lost(self, wait: float) -> str:
        """Which process ended with an error, if one did or does so soon."""
        deadline = time.monotonic() + wait
        while True:
            for number, process in enumerate(self._processes, start=1):
                if process.poll():
                    said = self._log(number)
                    return (
                        f"the process of device {number} ended with code {process.returncode}; its output: {said}"
                    )
            if time.monotonic() >= deadline:
                return ""
            time.sleep(0.05)

    def _watch(self) -> None:
        """Ends this process where it would wait for a lost one for ever."""
        while not self._ended.wait(1.0):
            if lost := self._lost(wait=0.0):
                if self._ended.wait(LOST):
                    return
                log.error(lost)
                self.folder.write_status("failed", error=lost)
                os._exit(1)
