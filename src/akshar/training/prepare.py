"""What an experiment consists of, built from its settings and held against what a resumed run began with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytorch_lightning as pl

from akshar.config.schema import config_hash
from akshar.data.module import ImageDataModule
from akshar.errors import UsageError
from akshar.files import write_json
from akshar.models.classifier import Classifier
from akshar.runs import provenance
from akshar.runs.checkpoint import read_checkpoint
from akshar.runs.run_dir import RunDir
from akshar.training.build import build_classifier, build_data, build_net, check_output, devices, precision
from akshar.training.callbacks.checkpointing import check_room
from akshar.training.console_summary import announce, announce_resume, announce_start
from akshar.training.warm_start import start_digest, start_from


@dataclass
class Prepared:
    """The parts of one run.

    Attributes:
        settings: with the precision and the number of devices that were decided.
        folder: of the run.
        data: loaded and split.
        classifier: with its first weights; those of `checkpoint` come when it is fitted.
        name: of the run in tables.
        facts: what the record begins with: name, config hash, digests, precision.
        before: the content of `provenance.json` as it was found, or None.
        checkpoint: `last.ckpt` of a resumed run, or None.
        fresh: layers that have new weights beside those of `init_from`.
        record: the content of `provenance.json`, once it is written.
    """

    settings: dict[str, Any]
    folder: RunDir
    data: ImageDataModule
    classifier: Classifier
    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] | None = None
    checkpoint: dict[str, Any] | None = None
    fresh: list[str] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)


def prepare(
    settings: dict[str, Any],
    folder: RunDir,
    decided_precision: str | None = None,
    resume: Callable[[], None] | None = None,
) -> Prepared:
    """Builds everything and begins the run's record, or takes it up.

    Args:
        settings: a config that `config_problems` found nothing wrong with.
        folder: of the run.
        decided_precision: in place of "auto", where an earlier run decided it.
        resume: of a run that is taken up: called when everything fits, before anything is changed.

    Raises:
        UsageError: data and settings do not fit together, or not to what a resumed run began with.
        DataError: the data cannot be had.
    """
    prepared = build(settings, folder, taken_up=resume is not None, decided_precision=decided_precision)
    data, checkpoint, facts = prepared.data, prepared.checkpoint, prepared.facts
    check_room(folder, prepared.classifier.net)
    if resume:
        resume()
    announce(prepared.name, data, prepared.classifier.net)
    if settings["init_from"] is not None and checkpoint is None:
        announce_start(prepared.fresh, settings["init_from"])
    if prepared.before is None:
        assert data.split is not None
        split = data.split
        write_json(folder.split, split.settings | {"digest": split.digest(), "val": split.val.tolist()})
        prepared.record = provenance.begin(folder, facts)
    else:
        step = checkpoint["global_step"] if checkpoint else 0
        announce_resume(step, provenance.other_circumstances(prepared.before))
        prepared.record = provenance.resume(folder, step, facts["config_hash"])
    return prepared


def build(
    settings: dict[str, Any], folder: RunDir, *, taken_up: bool, decided_precision: str | None = None
) -> Prepared:
    """Builds everything and writes nothing; a run that is taken up is held against what it began with.

    Args:
        settings: a config that `config_problems` found nothing wrong with.
        folder: of the run.
        taken_up: whether the run began earlier, or in another process.
        decided_precision: in place of "auto", where an earlier run decided it.

    Raises:
        UsageError: data and settings do not fit together, or not to what a resumed run began with.
        DataError: the data cannot be had.
    """
    asked = settings
    before, checkpoint = _left_behind(folder) if taken_up else (None, None)
    if before:
        decided_precision = before["precision"]
    decided = {"precision": decided_precision or precision(settings), "devices": devices(settings)}
    settings = settings | {"trainer": settings["trainer"] | decided}
    pl.seed_everything(settings["seed"], verbose=False)

    data = build_data(settings)
    if data.train is None or data.split is None:
        raise UsageError("data.root: has no training images, only test images")
    if len(data.split.val) < decided["devices"] or data.batch_size < decided["devices"]:
        raise UsageError(
            f"trainer.devices={decided['devices']}: more than the {data.batch_size} images of a batch or the "
            f"{len(data.split.val)} of validation, of which each takes a share"
        )
    start = settings["init_from"]
    facts = {
        "precision": settings["trainer"]["precision"],
        "data_digest": data.dataset.digest(),
        "split_digest": data.split.digest(),
        "init_digest": start_digest(start) if start is not None else None,
    }
    for what, key in (("images", "data_digest"), ("split", "split_digest"), ("first weights", "init_digest")):
        if before and before[key] != facts[key]:
            raise UsageError(f"{folder}: its {what} are not those it began with; start a new run")

    net = build_net(settings, len(data.classes))
    fresh = start_from(net, start, data.classes) if start is not None else []
    classifier = build_classifier(settings, net)
    check_output(classifier, len(data.classes))
    name = settings["name"] or f"{data.dataset.name}-{type(net).__name__.lower()}"
    hashed = config_hash(asked, facts["data_digest"], facts["init_digest"])
    facts |= {"name": name, "config_hash": hashed}
    return Prepared(settings, folder, data, classifier, name, facts, before, checkpoint, fresh)


def _left_behind(folder: RunDir) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The record and the last checkpoint of a run that is taken up; neither where it was stopped before them.

    Raises:
        UsageError: something is missing that this run had, so that going on would be starting over.
    """
    # The status counts steps once they are in `last.ckpt`; history and best are written a moment before.
    status = folder.read_status()
    trained = status["step"] > 0 if status else folder.best.exists()
    for path in (folder.provenance, folder.last):
        if trained and not path.exists():
            raise UsageError(f"{path}: is missing, and the run cannot go on without it; start a new one")
    before = provenance.read(folder) if folder.provenance.exists() else None
    if before is None or not folder.last.exists():
        return before, None
    checkpoint = read_checkpoint(folder.last)
    if checkpoint["callbacks"]["History"]["rows"]:
        read_checkpoint(folder.best)  # which may turn out to be the one that is tested
    return before, checkpoint
