"""What a resumed run left behind, and whether its config, split and checkpoints are still those of that run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from akshar.config.config_hash import config_hash, decides_result
from akshar.config.keys import Differences, differences
from akshar.config.schema import TrainConfig
from akshar.data.splits import Split
from akshar.errors import UsageError
from akshar.runs import provenance
from akshar.runs.checkpoint import FORMAT, Checkpoint, read_checkpoint
from akshar.runs.provenance import Provenance
from akshar.runs.run_dir import CheckpointName, RunDir
from akshar.training.resume import LENGTH, length_problems, parse_config, read_config
from akshar.training.resume_command import resume_command
from akshar.untrusted import read_json


@dataclass(frozen=True)
class LeftBehind:
    """The record and the state of a run that continues.

    Attributes:
        provenance: as found.
        name: of the checkpoint that it continues from.
        checkpoint: None where it stopped before it wrote one.
        changes: dotted key of the config -> value then and now.
    """

    provenance: Provenance
    name: CheckpointName
    checkpoint: Checkpoint | None
    changes: Differences


def read_left_behind(run_dir: RunDir, name: CheckpointName, config: TrainConfig) -> LeftBehind | None:
    """Read what the folder of a resumed run holds; None where it stopped before it wrote anything.

    Args:
        run_dir: of the run.
        name: of the checkpoint to continue from.
        config: with which it is to continue.

    Raises:
        UsageError: a file that resuming needs is missing or damaged, or the config has changed.
    """
    # Steps in the status mean that `last.ckpt` was written; without a status, `best.ckpt` shows that training began
    status = run_dir.read_status()
    trained = status.step > 0 if status else run_dir.best.exists()
    if trained and not run_dir.provenance.exists():
        raise UsageError(
            f"{run_dir.provenance}: missing, and the run cannot be resumed without it; start a new run"
        )
    if not run_dir.provenance.exists():
        if name != "last":
            raise UsageError(f"{run_dir.checkpoint(name)}: missing; leave resume_from out")
        return None
    before = provenance.read(run_dir)
    if name == "last" and not trained and not run_dir.last.exists():
        written = read_config(run_dir)
        return LeftBehind(before, name, None, differences(written, _record(config)))
    checkpoint = _whole(run_dir, name, config)
    changes = differences(parse_config(checkpoint.contents.config), _record(config))
    problems = [
        f"{key}={new}: changed in {run_dir.config} since the run was started with {old}; restore it, or start a "
        "new run"
        for key, (old, new) in changes.items()
        if decides_result(key) and key != LENGTH
    ]
    if LENGTH in changes:
        problems += length_problems(changes[LENGTH][0], config)
    if problems:
        raise UsageError(*problems)
    return LeftBehind(before, name, checkpoint, changes)


def check_unchanged(
    run_dir: RunDir, left: LeftBehind, config: TrainConfig, digests: Mapping[str, Any], split: Split | None
) -> None:
    """Compare what a run is about to train with what it began with.

    Args:
        run_dir: of the run.
        left: what it left behind.
        config: with which it is to continue.
        digests: `data_digest`, `split_digest` and `init_digest`, see `akshar.runs.provenance.Facts`.
        split: of the training images; None where akshar did not split them.

    Raises:
        UsageError: images, split or initial weights differ, or without a checkpoint the config.
    """
    for what, key in (("images", "data_digest"), ("split", "split_digest"), ("initial weights", "init_digest")):
        if getattr(left.provenance, key) != digests[key]:
            raise UsageError(f"{run_dir}: its {what} changed since it started; start a new run")
    if split is not None and run_dir.split.exists():  # else it is written again
        try:
            found = read_json(run_dir.split)
        except (OSError, ValueError):
            found = None
        if found != split.to_record():
            raise UsageError(
                f"{run_dir.split}: damaged or changed: not the validation images of this run; restore it, or "
                "remove it and resume again, which writes it anew"
            )
    if left.checkpoint is None:  # no config to compare with, but its hash
        length = left.changes.get(LENGTH, (config.trainer.max_epochs, None))[0]
        trainer = config.trainer.with_arguments(max_epochs=length)
        before = config.model_copy(update={"trainer": trainer})
        written = config_hash(before, digests["data_digest"], digests["init_digest"])
        if written not in left.provenance.config_hashes:
            raise UsageError(
                f"{run_dir.config}: changed since the run was started (its hash is {written}, not "
                f"{left.provenance.config_hash}); restore it, or start a new run"
            )


def _record(config: TrainConfig) -> dict[str, object]:
    """Return a config as it is read back from its file."""
    return parse_config(yaml.safe_dump(config.to_record(), allow_unicode=True))


def _whole(run_dir: RunDir, name: CheckpointName, config: TrainConfig) -> Checkpoint:
    """Read a checkpoint and what a run that continues from it needs.

    Raises:
        UsageError: one is missing or damaged; the message names the command that resumes from another.
    """
    path, tried = run_dir.checkpoint(name), [name]  # what `_way_out` does not offer
    if not path.exists():
        raise UsageError(f"{path}: missing; {_way_out(run_dir, tried, config)}")
    try:
        checkpoint = read_checkpoint(path)
        if name == "last" and checkpoint.history and not (run_dir.best.exists() and path.samefile(run_dir.best)):
            tried.append("best")
            read_checkpoint(run_dir.best)  # it is calibrated and tested if no later epoch is better
    except UsageError as error:
        raise UsageError(f"{error}; {_way_out(run_dir, tried, config)}") from error
    if checkpoint.format != FORMAT:
        raise UsageError(
            f"{path}: checkpoint format {checkpoint.format}, which this version cannot resume; "
            "resume it with akshar 0.1.0, or start a new run with init_from"
        )
    return checkpoint


def _way_out(run_dir: RunDir, tried: Sequence[str], config: TrainConfig) -> str:
    """Find another whole checkpoint that training can continue from."""
    names: tuple[CheckpointName, ...] = ("best", "previous")
    for name in names:
        if name in tried:
            continue
        try:
            epochs = len(read_checkpoint(run_dir.checkpoint(name)).history)
        except UsageError:
            continue
        return f"to continue after epoch {epochs}: {resume_command(run_dir, config, name)}"
    return "no other checkpoint of the run is whole; start a new run"
