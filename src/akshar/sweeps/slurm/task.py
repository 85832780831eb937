"""`python -m akshar.sweeps.slurm.task RECORD`: one task of an array; runs its job in a process of its own.

A job that saved because its time is up, or that was killed, is queued again. After SIGTERM Slurm itself decides: it
queues a preempted job again, and not a cancelled one.
"""

import os
import signal
import subprocess
import sys
import time

AGAIN = (signal.SIGUSR1, signal.SIGUSR2)  # sent before the time limit, or before a preemption
ATTEMPTS = 60  # to reach a controller that may be restarting
PAUSE = 5.0  # seconds between them


def main(record: str) -> int:
    """Run the task that Slurm's environment names.

    Args:
        record: file of the submission.

    Returns:
        The exit code of the job; 128 and the signal that ended it.
    """
    for number in (*AGAIN, signal.SIGTERM, signal.SIGCONT):
        signal.signal(number, lambda *_: None)  # Slurm sends them to the job's process too, which saves
    command = [sys.executable, "-u", "-m", "akshar.sweeps.slurm.worker", record]
    code = subprocess.call(command)
    ended_by = -code if code < 0 else code - 128
    restarts, most = int(os.environ.get("SLURM_RESTART_COUNT", "0")), int(os.environ["AKSHAR_MAX_RESTARTS"])
    if ended_by in AGAIN or (ended_by == signal.SIGKILL and restarts < most):
        return _queue_again()
    if ended_by == signal.SIGKILL:
        print(f"killed for the {restarts + 1}. time; hydra.launcher.max_restarts={most}", file=sys.stderr)
    return 128 + ended_by if ended_by > 0 else code


def _queue_again() -> int:
    """Ask Slurm to queue this task again, which ends it; return 1 if Slurm cannot be reached."""
    job = os.environ["SLURM_JOB_ID"]
    for _ in range(ATTEMPTS):
        asked = subprocess.run(["scontrol", "requeue", job], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            print(f"queued again: job {job}", file=sys.stderr)
            return 0
        print(f"job {job} could not be queued again: {asked.stderr.strip()}", file=sys.stderr)
        time.sleep(PAUSE)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
