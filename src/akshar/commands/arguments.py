"""Arguments that several commands take: MODEL, with advice if it is missing, and `--trust`."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir

RUNS = Path("outputs/train")


def require_model(model: str | None, command: str) -> str:
    """Return the named model.

    Args:
        model: a run's folder or a file; None if it was left out.
        command: name of the command that needs it.

    Raises:
        UsageError: it was left out; the message names the newest run, or says how to train a model.
    """
    if model:
        return model
    if newest := newest_run():
        raise UsageError(f"{command}: name a model, e.g. the newest run:  akshar {command} {newest}")
    raise UsageError(
        f"{command}: name a model: letters58, which comes with akshar, or a run, {RUNS.as_posix()}/RUN; "
        "`akshar train experiment=quickstart` trains one in under a minute"
    )


def add_trust(parser: ArgumentParser) -> None:
    """Add `--trust PACKAGE`, which may be repeated."""
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="package whose parts the named file may use; repeatable",
    )


def split_trust(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take `--trust PACKAGE` out of a command line of overrides; return the packages and the other words."""
    parser = ArgumentParser(prog="akshar", add_help=False, allow_abbrev=False)
    add_trust(parser)
    args, others = parser.parse_known_args(words)
    return args.trust, others


def newest_run() -> RunDir | None:
    """Find the newest completed run in `outputs/train` that has a checkpoint."""
    run_dirs = [RunDir(path.parent) for path in sorted(RUNS.glob("*/status.json"), reverse=True)]
    return next((run_dir for run_dir in run_dirs if _is_completed(run_dir) and run_dir.best.is_file()), None)


def _is_completed(run_dir: RunDir) -> bool:
    status = run_dir.read_status()
    return status is not None and status.status == "completed"
