"""Sets up a run: builds its parts, and compares them with what a resumed run began with."""

from dataclasses import dataclass, field

import pytorch_lightning as pl

from akshar.config.config_hash import config_hash
from akshar.config.schema import Part, TrainConfig
from akshar.data.module import ImageDataModule
from akshar.data.splits import Split
from akshar.errors import UsageError
from akshar.models.classifier import Classifier
from akshar.runs.checkpoint import Checkpoint
from akshar.runs.provenance import Facts
from akshar.runs.run_dir import CheckpointName, RunDir
from akshar.training.hardware import Hardware, resolve_hardware
from akshar.training.left_behind import LeftBehind, check_unchanged, read_left_behind
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
        classifier: with its first weights; those of a checkpoint that it continues from are loaded by Lightning.
        facts: what must stay the same when the run is resumed.
        left: what a resumed run left behind; None for a new run.
        new_layers: parameters that `init_from` did not have.
    """

    config: TrainConfig
    run_dir: RunDir
    hardware: Hardware
    data: ImageDataModule
    model: Part
    classifier: Classifier
    facts: Facts
    left: LeftBehind | None = None
    new_layers: list[str] = field(default_factory=list)

    @property
    def split(self) -> Split:
        """The split of the training images."""
        assert self.data.split is not None
        return self.data.split

    @property
    def resumed_from(self) -> Checkpoint | None:
        """The checkpoint that a resumed run continues from; None where it has none yet."""
        return self.left.checkpoint if self.left else None


def set_up(
    config: TrainConfig, run_dir: RunDir, *, resume_from: CheckpointName | None, precision: str | None = None
) -> Setup:
    """Build everything; write nothing.

    Args:
        config: valid.
        run_dir: of the run.
        resume_from: checkpoint of a run that began earlier, or in another process; None for a new run.
        precision: in place of "auto", where an earlier run resolved it.

    Raises:
        UsageError: data and config do not fit together, or not to what a resumed run began with.
        DataError: the images cannot be loaded.
    """
    left = read_left_behind(run_dir, resume_from, config) if resume_from else None
    hardware = resolve_hardware(config.trainer, left.provenance.precision if left else precision)
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
    if left:
        check_unchanged(run_dir, left, config, digests, data.split)

    spec = data.dataset.input_spec
    model = complete_model(config.model, len(data.classes), spec)
    net = build_network(model)
    new_layers = load_initial_weights(net, config.init_from, data.classes) if config.init_from is not None else []
    classifier = build_classifier(config, net, data.class_counts)
    check_output(classifier, len(data.classes), spec)
    facts = Facts(
        name=config.name or f"{data.dataset.name}-{type(net).__name__.lower()}",
        config_hash=config_hash(config, data.dataset.digest(), digests["init_digest"]),
        precision=hardware.precision,
        **digests,
    )
    return Setup(config, run_dir, hardware, data, model, classifier, facts, left, new_layers)
