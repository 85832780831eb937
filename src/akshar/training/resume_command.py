"""The command that continues a run, as messages name it."""

import shlex

from akshar.cluster_launch import cluster_launch
from akshar.config.schema import TrainConfig
from akshar.config.trusted import trust_flags
from akshar.runs.run_dir import CheckpointName, RunDir


def resume_command(run_dir: RunDir, config: TrainConfig, resume_from: CheckpointName | None = None) -> str:
    """Write the command, quoted for a shell.

    Args:
        run_dir: of the run.
        config: of the run, whose parts may come from packages that have to be trusted.
        resume_from: checkpoint to name; None leaves it open.
    """
    launch = cluster_launch()
    words = ["train", f"resume={run_dir}", *([f"resume_from={resume_from}"] if resume_from else [])]
    command = f"{launch.command if launch else 'akshar'} {shlex.join(words)}"
    return f"{command} {trust_flags(config.to_record())}".rstrip()
