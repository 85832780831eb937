"""Sets up a run: builds its parts, and compares them with what a resumed run began with."""

from dataclasses import dataclass, field

import pytorch_lightning as pl

from akshar.config.config_hash import config_hash
from akshar.config.schema import Part, TrainConfig
from akshar.data.module import ImageDataModule
from akshar.data.splits import Split
from akshar.errors import UsageError
from akshar.models.classifier import Classifier
from akshar.runs import provenance
from akshar.runs.checkpoint import FORMAT, Checkpoint, read_checkpoint
from akshar.runs.provenance import Facts, Provenance
from akshar.runs.run_dir import RunDir
from akshar.training.hardware import Hardware, resolve_hardware
from akshar.training.parts import build_classifier, build_data, build_network, check_output, complete_model
from akshar.training.warm_start import init_digest, load_initial_weights


@dataclass(frozen=True)
class Setup:
    """The parts of one run, ready to train.

    Attributes:
        config: of the run.
        run_dir: its folder.
        hardware: what it computes with.
        data: loaded and split.
        model: the config's network with the arguments that come from the data.
        classifier: with its first weights; those of `resumed_from` are loaded by Lightning.
        facts: what must stay the same when the run is resumed.
        provenance_before: of a resumed run, as found in its folder; else None.
        resumed_from: `last.ckpt` of a resumed run; None where it has none yet.
        new_layers: parameters that `init_from` did not have.
    """

    config: TrainConfig
    run_dir: RunDir
    hardware: Hardware
    data: ImageDataModule
    model: Part
    classifier: Classifier
    facts: Facts
    provenance_before: Provenance | None = None
    resumed_from: Checkpoint | None = None
    new_layers: list[str] = field(default_factory=list)

    @property
    def split(self) -> Split:
        """The split of the training images."""
        assert self.data.split is not None
        return self.data.split


def set_up(config: TrainConfig, run_dir: RunDir, *, resumed: bool, precision: str | None = None) -> Setup:
    """Build everything; write nothing.

    Args:
        config: valid.
        run_dir: of the run.
        resumed: whether the run began earlier, or in another process.
        precision: in place of "auto", where an earlier run resolved it.

    Raises:
        UsageError: data and config do not fit together, or not to what a resumed run began with.
        DataError: the images cannot be loaded.
    """
    before, checkpoint = _left_behind(run_dir) if resumed else (None, None)
    hardware = resolve_hardware(config.trainer, before.precision if before else precision)
    pl.seed_everything(config.seed, verbose=False)

    data = build_data(config)
    if data.train is None or data.split is None:
        raise UsageError("data: has no training images, only test images")
    if min(len(data.split.val), data.batch_size) < hardware.devices:
        raise UsageError(
            f"trainer.devices={hardware.devices}: must not be above the {data.batch_size} images of a batch or the "
            f"{len(data.split.val)} of validation; each device takes a share"
        )
    digests = {
        "data_digest": data.dataset.digest(),
        "split_digest": data.split.digest(),
        "init_digest": init_digest(config.init_from) if config.init_from is not None else None,
    }
    for what, key in (("images", "data_digest"), ("split", "split_digest"), ("initial weights", "init_digest")):
        if before and getattr(before, key) != digests[key]:
            raise UsageError(f"{run_dir}: its {what} changed since it started; start a new run")

    spec = data.dataset.input_spec
    model = complete_model(config.model, len(data.classes), spec)
    net = build_network(model)
    new_layers = load_initial_weights(net, config.init_from, data.classes) if config.init_from is not None else []
    classifier = build_classifier(config, net)
    check_output(classifier, len(data.classes), spec)
    facts = Facts(
        name=config.name or f"{data.dataset.name}-{type(net).__name__.lower()}",
        config_hash=config_hash(config, data.dataset.digest(), digests["init_digest"]),
        precision=hardware.precision,
        **digests,
    )
    return Setup(config, run_dir, hardware, data, model, classifier, facts, before, checkpoint, new_layers)


def _left_behind(run_dir: RunDir) -> tuple[Provenance | None, Checkpoint | None]:
    """Read the provenance and the last checkpoint of a resumed run; None where it stopped before it wrote them.

    Raises:
        UsageError: a file that resuming needs is missing.
    """
    # Steps in the status mean that `last.ckpt` was written; without a status, `best.ckpt` shows that training began
    status = run_dir.read_status()
    trained = status.step > 0 if status else run_dir.best.exists()
    for path in (run_dir.provenance, run_dir.last):
        if trained and not path.exists():
            raise UsageError(f"{path}: missing, and the run cannot be resumed without it; start a new run")
    before = provenance.read(run_dir) if run_dir.provenance.exists() else None
    if before is None or not run_dir.last.exists():
        return before, None
    checkpoint = read_checkpoint(run_dir.last)
    if checkpoint.format != FORMAT:
        raise UsageError(
            f"{run_dir.last}: checkpoint format {checkpoint.format}, which this version cannot resume; "
            "resume it with akshar 0.1.0, or start a new run with init_from"
        )
    if checkpoint.history:
        read_checkpoint(run_dir.best)  # fail now if it is damaged: it is tested if no later epoch is better
    return before, checkpoint
