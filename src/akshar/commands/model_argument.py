"""The model that a verb is asked to use, and what to say where none is named."""

from pathlib import Path

from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir

RUNS = Path("outputs/train")


def require_model(model: str | None, verb: str) -> str:
    """A model that was named.

    Args:
        model: a run's folder or a file; None where a person named none.
        verb: that needs it.

    Raises:
        UsageError: none is named; the message says which there is, or how to get one.
    """
    if model:
        return model
    if newest := newest_run():
        raise UsageError(f"{verb}: name a model; the newest here:  akshar {verb} {newest}")
    raise UsageError(
        f"{verb}: name a model; `akshar train experiment=quickstart` makes one in under a minute, "
        f"then  akshar {verb} {RUNS.as_posix()}/RUN"
    )


def newest_run() -> RunDir | None:
    """The completed run of `outputs/train` that began last and has a checkpoint."""
    folders = [RunDir(path.parent) for path in sorted(RUNS.glob("*/status.json"), reverse=True)]
    done = (folder for folder in folders if folder.read_status().get("status") == "completed")
    return next((folder for folder in done if folder.best.is_file()), None)
