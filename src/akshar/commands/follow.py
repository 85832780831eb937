"""`python -m akshar.commands.follow RUN`: a further process of a run over several devices, begun by the first."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import yaml

from akshar.commands.fit import fit
from akshar.commands.job import quiet_libraries
from akshar.commands.prepare import build
from akshar.errors import Diverged, Interrupted
from akshar.memory import keep_freed_memory
from akshar.runs.interrupts import Interrupts
from akshar.runs.record import RunFolder


def main(run: str) -> int:
    """Builds the run that lies in a folder and trains with the others; nothing is written here.

    Args:
        run: its folder.

    Returns:
        The exit code; 0 also where the first process ended training and says why.
    """
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    keep_freed_memory()
    quiet_libraries()
    folder = RunFolder(Path(run))
    settings = yaml.safe_load(folder.config.read_text(encoding="utf-8"))
    prepared = build(settings, folder, taken_up=True)
    with suppress(Diverged, Interrupted):
        fit(prepared, settings, None, Interrupts(), first=False)
    return 0


def _end_with(parent: int) -> None:
    """Ends this process when the first one is gone: it would wait for it for ever."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
