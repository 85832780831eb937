"""One run, killed again and again by SIGKILL wherever it happens to be: its end is that of an undisturbed one."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from conftest import TINY
from test_resume import figures

KILLS = 20
EPOCHS = 11
EVERY = 9  # steps between checkpoints
BATCHES = 26  # of an epoch: 828 images in 32s
# A network whose checkpoints take a while to write, in an epoch of a second or two.
WORDS = [*TINY, "model.widths=[256,512]", "model.dropout=0.2", "data.batch_size=32", f"trainer.max_epochs={EPOCHS}"]
WORDS += ["optimizer.lr=0.002", f"checkpoint.every_n_steps={EVERY}", "callbacks.trace._target_=bomb.Trace"]


class Killed:
    """A training in a process of its own that says where it is."""

    def __init__(self, place: Path, *words: str):
        self.trace = place / "trace.txt"
        self.trace.write_text("")
        environment = os.environ | {"TRACE": str(self.trace), "PYTHONPATH": os.path.dirname(__file__)}
        command = [sys.executable, "-m", "akshar", "train", *words]
        log = (place / "terminal.txt").open("a")
        self.process = subprocess.Popen(command, cwd=place, env=environment, stdout=log, stderr=log)

    def now(self) -> tuple[str, int, int]:
        """Stage, epoch and batch; "imports" before there are any."""
        lines = self.trace.read_text().splitlines()
        stage, epoch, batch = lines[-1].split() if lines else ("imports", "-1", "0")
        return stage, int(epoch), int(batch)

    def wait_until(self, reached) -> bool:
        """Waits until the run is somewhere; False where it ended first."""
        while self.process.poll() is None:
            if reached(self.now()):
                return True
            time.sleep(0.0005)
        return False


def where(run: Killed, folder: Path) -> str:
    """What a kill interrupted, by what it left behind."""
    stage, epoch, batch = run.now()
    if list(folder.glob("checkpoints/.*.partial")):
        return f"writing a checkpoint, epoch {epoch + 1}"
    kind = {"train": f"step {batch + 1} of epoch {epoch + 1}", "imports": "imports"}
    return kind.get(stage, f"{stage}, epoch {epoch + 1}")


def plan(generator: random.Random) -> list[tuple[str, int, int]]:
    """What to wait for before each kill: 14 times a step, 3 times validation, 3 times a checkpoint's writing."""
    stages = ["train"] * 14 + ["validation"] * 3 + ["saving"] * 3
    generator.shuffle(stages)
    # Two an epoch, in order, so that the run gets on.
    return [
        (stage, number * (EPOCHS - 1) // KILLS, generator.randrange(BATCHES // 2) + BATCHES // 2 * (number % 2))
        for number, stage in enumerate(stages)
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Figures of the run that nobody kills."""
    place = tmp_path_factory.mktemp("undisturbed")
    assert Killed(place, *WORDS, "hydra.run.dir=run").process.wait(600) == 0
    return figures(place / "run")


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path, undisturbed, fault):
    generator = random.Random(3)
    place, folder = tmp_path, tmp_path / "run"
    fell = []
    words = [*WORDS, "hydra.run.dir=run"]
    for stage, epoch, batch in plan(generator):
        run = Killed(place, *words)

        def reached(now, stage=stage, epoch=epoch, batch=batch):
            if stage == "saving":
                return now[1] >= epoch and list(folder.glob("checkpoints/.*.partial"))
            return now[0] == stage and (
                now[1] > epoch or (now[1] == epoch and now[2] >= batch * (stage == "train"))
            )

        assert run.wait_until(reached), (place / "terminal.txt").read_text()
        time.sleep(generator.random() * {"train": 0.03, "validation": 0.02, "saving": 0.002}[stage])
        run.process.send_signal(signal.SIGKILL)
        assert run.process.wait() == -signal.SIGKILL
        fell.append(where(run, folder))
        words = ["resume=run", "--trust", "bomb"]
    assert Killed(place, *words).process.wait(600) == 0

    print("\n".join(f"kill {number:>2}: {text}" for number, text in enumerate(fell, start=1)))
    kinds = Counter(text.split(" ")[0] for text in fell)
    between = [text for text in fell if text.startswith("step") and int(text.split()[1]) % EVERY]
    assert len(between) >= 12  # in an epoch's middle, after a checkpoint and before the next
    assert kinds["validation,"] >= 2
    assert kinds["writing"] >= 2
    assert not kinds["imports"]
    assert figures(folder) == undisturbed
    assert len(json.loads((folder / "result.json").read_text())["provenance"]["resumed"]) == KILLS
    fault(
        "SIGKILL at 20 moments of one run: 12 or more between checkpoints, 2 or more in validation, 2 or more in "
        "a checkpoint's writing",
        "resumed each time; weights, curves and result are bit for bit those of an undisturbed run",
    )


@pytest.mark.slow
def test_a_sigterm_changes_nothing(tmp_path, undisturbed, fault):
    run = Killed(tmp_path, *WORDS, "hydra.run.dir=run")
    assert run.wait_until(lambda now: now >= ("train", 3, 11))
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(60) == 143
    assert json.loads((tmp_path / "run" / "status.json").read_text())["status"] == "interrupted"
    assert Killed(tmp_path, "resume=run", "--trust", "bomb").process.wait(600) == 0
    assert figures(tmp_path / "run") == undisturbed
    fault(
        "SIGTERM within an epoch (as SIGINT and SIGUSR1)",
        "the step is finished and saved, the line that resumes is printed, exit code 143; resumed, the same end",
    )
