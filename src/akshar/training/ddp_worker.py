"""`python -m akshar.training.ddp_worker RUN`: one more process of a run over several devices."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import yaml

from akshar.errors import Diverged, Interrupted
from akshar.memory import keep_freed_memory
from akshar.runs.run_dir import RunDir
from akshar.training.fit import fit
from akshar.training.interrupts import Interrupts
from akshar.training.job import quiet_libraries
from akshar.training.prepare import build


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
    folder = RunDir(Path(run))
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
