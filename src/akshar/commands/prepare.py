"""What an experiment consists of, built from its settings and held against what a resumed run began with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl

from akshar.commands.announce import announce, announce_resume, announce_start
from akshar.commands.build import build_classifier, build_data, build_net, check_output, precision
from akshar.data.module import CharacterData
from akshar.errors import BadRequest
from akshar.files import write_json
from akshar.models.classifier import Classifier
from akshar.runs import provenance
from akshar.runs.checkpoint import read_checkpoint, start_from, weights_digest
from akshar.runs.keep import check_room
from akshar.runs.record import RunFolder
from akshar.runs.settings import config_hash


@dataclass
class Prepared:
    """The parts of one run.

    Attributes:
        settings: with the precision that was decided.
        folder: of the run.
        data: loaded and split.
        classifier: with its first weights; those of `checkpoint` come when it is fitted.
        name: of the run in tables.
        record: the content of `provenance.json`.
        checkpoint: `last.ckpt` of a resumed run, or None.
    """

    settings: dict[str, Any]
    folder: RunFolder
    data: CharacterData
    classifier: Classifier
    name: str
    record: dict[str, Any]
    checkpoint: dict[str, Any] | None


def prepare(
    settings: dict[str, Any],
    folder: RunFolder,
    decided_precision: str | None = None,
    resume: Callable[[], None] | None = None,
) -> Prepared:
    """Builds everything; a run that is taken up is held against what it began with before anything is changed.

    Args:
        settings: a config that `config_problems` found nothing wrong with.
        folder: of the run.
        decided_precision: in place of "auto", where an earlier run decided it.
        resume: of a run that is taken up: called when everything fits.

    Raises:
        BadRequest: data and settings do not fit together, or not to what a resumed run began with.
        BadData: the data cannot be had.
    """
    asked = settings
    before, checkpoint = _left_behind(folder) if resume else (None, None)
    if before:
        decided_precision = before["precision"]
    settings = settings | {"trainer": settings["trainer"] | {"precision": decided_precision or precision(settings)}}
    pl.seed_everything(settings["seed"], verbose=False)

    data = build_data(settings)
    if data.train is None or data.split is None:
        raise BadRequest("data.root: has no training images, only test images")
    start = settings["init_from"]
    facts = {
        "precision": settings["trainer"]["precision"],
        "data_digest": data.dataset.digest(),
        "split_digest": data.split.digest(),
        "init_digest": weights_digest(start) if start is not None else None,
    }
    for what, key in (("images", "data_digest"), ("split", "split_digest"), ("first weights", "init_digest")):
        if before and before[key] != facts[key]:
            raise BadRequest(f"{folder}: its {what} are not those it began with; start a new run")

    net = build_net(settings, len(data.classes))
    check_room(folder, net)
    fresh = start_from(net, start, data.classes) if start is not None else []
    classifier = build_classifier(settings, net)
    check_output(classifier, len(data.classes))
    if resume:
        resume()

    hashed = config_hash(asked, facts["data_digest"], facts["init_digest"])
    name = settings["name"] or f"{data.dataset.name}-{type(net).__name__.lower()}"
    announce(name, data, classifier.net)
    if start is not None and checkpoint is None:
        announce_start(fresh, start)
    if before is None:
        split = data.split
        write_json(folder.split, split.settings | {"digest": split.digest(), "val": split.val.tolist()})
        record = provenance.begin(folder, facts | {"name": name, "config_hash": hashed})
    else:
        step = checkpoint["global_step"] if checkpoint else 0
        announce_resume(step, provenance.other_circumstances(before))
        record = provenance.resume(folder, step, hashed)
    return Prepared(settings, folder, data, classifier, name, record, checkpoint)


def _left_behind(folder: RunFolder) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The record and the last checkpoint of a run that is taken up; neither where it was stopped before them.

    Raises:
        BadRequest: something is missing that this run had, so that going on would be starting over.
    """
    # The status counts steps once they are in `last.ckpt`; history and best are written a moment before.
    status = folder.read_status()
    trained = status["step"] > 0 if status else folder.best.exists()
    for path in (folder.provenance, folder.last):
        if trained and not path.exists():
            raise BadRequest(f"{path}: is missing, and the run cannot go on without it; start a new one")
    before = provenance.read(folder) if folder.provenance.exists() else None
    if before is None or not folder.last.exists():
        return before, None
    checkpoint = read_checkpoint(folder.last)
    if checkpoint["callbacks"]["History"]["rows"]:
        read_checkpoint(folder.best)  # which may turn out to be the one that is tested
    return before, checkpoint
