"""`python -m akshar.sweeps.slurm.task RECORD MAX_RESTARTS [--fail-fast]`: one task of an array.

It runs its job in a process of its own. A job that saved because its time is up, or that was killed, is queued
again. After SIGTERM Slurm itself decides: it queues a preempted job again, and not a cancelled one.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

AGAIN = (signal.SIGUSR1, signal.SIGUSR2)  # sent before the time limit, or before a preemption
ATTEMPTS = 60  # to reach a controller that may be restarting
PAUSE = 5.0  # seconds between them


def main(record: str, max_restarts: int, fail_fast: bool) -> int:
    """Run the task that Slurm's environment names.

    Args:
        record: file of the submission.
        max_restarts: how often a job that is killed is queued again.
        fail_fast: whether a job that fails cancels all others of the sweep.

    Returns:
        The exit code of the job; 128 and the signal that ended it.
    """
    for number in (*AGAIN, signal.SIGTERM, signal.SIGCONT):
        signal.signal(number, lambda *_: None)  # Slurm sends them to the job's process too, which saves
    code = subprocess.call([sys.executable, "-P", "-u", "-m", "akshar.sweeps.slurm.worker", record])
    ended_by = -code if code < 0 else code - 128
    if ended_by in AGAIN:
        return _queue_again(128 + ended_by)
    if ended_by == signal.SIGKILL:
        array, task = (os.environ[f"SLURM_ARRAY_{name}_ID"] for name in ("JOB", "TASK"))
        kills = Path(record).with_name(f"{array}_{task}.kills")
        with kills.open("ab") as file:
            file.write(b".")  # one for each
        if kills.stat().st_size <= max_restarts:
            return _queue_again(128 + ended_by)
        print(f"killed more than {max_restarts} times, see hydra.launcher.max_restarts", file=sys.stderr)
    if fail_fast and code and ended_by != signal.SIGTERM:
        names = ",".join(path.stem for path in Path(record).parent.glob("*.json"))
        subprocess.run(["scancel", f"--user={os.getuid()}", f"--name={names}"], check=False)
    return 128 + ended_by if ended_by > 0 else code


def _queue_again(otherwise: int) -> int:
    """Ask Slurm to queue this task again, which ends it.

    Args:
        otherwise: returned where Slurm has already ended the task, as by scancel, or cannot be reached.
    """
    job = os.environ["SLURM_JOB_ID"]
    for _ in range(ATTEMPTS):
        shown = _scontrol("show", "job", "--oneliner", job)
        if shown.returncode == 0 and "JobState=RUNNING" not in shown.stdout:
            return otherwise
        if shown.returncode == 0 and _scontrol("requeue", job).returncode == 0:
            print(f"queued again: job {job}", file=sys.stderr)
            return 0
        time.sleep(PAUSE)
    print(f"job {job} could not be queued again", file=sys.stderr)
    return otherwise


def _scontrol(*words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["scontrol", *words], capture_output=True, text=True, check=False)
    sys.stderr.write(done.stderr)
    return done


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), "--fail-fast" in sys.argv))
