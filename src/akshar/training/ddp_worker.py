"""`python -m akshar.training.ddp_worker RUN`: one more process of a run over several devices."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import yaml
from pytorch_lightning.loggers.logger import DummyLogger

from akshar.config.schema import TrainConfig
from akshar.errors import Diverged, Interrupted
from akshar.memory import keep_freed_memory
from akshar.runs.run_dir import RunDir
from akshar.training.fit import fit
from akshar.training.interrupts import Interrupts
from akshar.training.job import quiet_libraries
from akshar.training.setup import set_up


def main(run: str) -> int:
    """Build the run in a folder and train with the other processes; write nothing.

    Args:
        run: its folder.

    Returns:
        The exit code; 0 also where rank 0 ended training and reports why.
    """
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    keep_freed_memory()
    quiet_libraries()
    run_dir = RunDir(Path(run))
    config = TrainConfig.model_validate(yaml.safe_load(run_dir.config.read_text(encoding="utf-8")))
    setup = set_up(config, run_dir, resume_from="last")
    with suppress(Diverged, Interrupted):
        fit(setup, (DummyLogger(),), Interrupts())  # which a LightningModule of one's own may use
    return 0


def _end_with(parent: int) -> None:
    """End this process when rank 0 is gone, which it would wait for forever."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
