"""A callback of a person's own that ends a run at a chosen place, once: by an exception or by a signal."""

import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import torch
from pytorch_lightning import Callback


class Bomb(Callback):
    """Goes off where the environment's BOMB says: "<hook> <epoch> <batch> <crash or a signal's name>"."""

    def _go_off(self, hook, trainer, batch):
        plan = os.environ.get("BOMB")
        if not plan:
            return
        where, epoch, number, how = plan.split()
        if (where, int(epoch), int(number)) == (hook, trainer.current_epoch, batch):
            del os.environ["BOMB"]
            if how == "crash":
                raise RuntimeError("the bomb went off")
            os.kill(os.getpid(), getattr(signal, how))

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        # What a person's own code may draw has to be the same after a resume.
        torch.rand(1), np.random.rand(), random.random()
        self._go_off("start", trainer, batch_idx)

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self._go_off("end", trainer, batch_idx)

    def on_validation_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if trainer.state.fn == "fit":
            self._go_off("validation", trainer, batch_idx)

    def on_fit_end(self, trainer, pl_module):
        self._go_off("fit", trainer, 0)


class Note(Callback):
    """Writes down every step's random numbers and labels, to be compared."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        with Path(trainer.default_root_dir, "steps.txt").open("a") as file:
            weight = sum(float(p.double().sum()) for p in pl_module.parameters())
            drawn = torch.rand(1).item(), np.random.rand(), random.random()
            file.write(f"{trainer.global_step} {batch.seed} {weight} {outputs['loss'].item()} {drawn}\n")


class Trace(Callback):
    """Tells another process where this one is, a line as it happens: the stage, the epoch and the batch."""

    def __init__(self):
        self.file = os.open(os.environ["TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def tell(self, stage, trainer, batch=0):
        os.write(self.file, f"{stage} {trainer.current_epoch} {batch}\n".encode())

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.tell("train", trainer, batch_idx)

    def on_validation_start(self, trainer, pl_module):
        self.tell("validation", trainer)

    def on_validation_end(self, trainer, pl_module):
        self.tell("validated", trainer)

    def on_save_checkpoint(self, trainer, pl_module, checkpoint):
        self.tell("saving", trainer)


class PlainNet(torch.nn.Sequential):
    """A network without norms or dropout, whose result depends on which images a step has alone."""

    def __init__(self, num_classes):
        super().__init__(
            torch.nn.Flatten(), torch.nn.Linear(1024, 32), torch.nn.ReLU(), torch.nn.Linear(32, num_classes)
        )


class Memory(Callback):
    """Writes down how many bytes the process holds when a run has trained."""

    def on_fit_end(self, trainer, pl_module):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        with Path(os.environ["TRACE"]).open("a") as file:
            file.write(f"{pages * os.sysconf('SC_PAGE_SIZE')}\n")


class Slow(Callback):
    """Writes down every step, to be compared, and rests: for the seconds PAUSE, and while the file HOLD exists."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        weight = sum(float(parameter.detach().double().sum()) for parameter in pl_module.parameters())
        with Path(trainer.default_root_dir, "steps.txt").open("a") as file:
            file.write(f"{trainer.global_step} {weight} {outputs['loss'].item()}\n")
        time.sleep(float(os.environ.get("PAUSE", "0")))
        while os.path.exists(os.environ.get("HOLD", "")):
            time.sleep(0.05)
