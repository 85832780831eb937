"""Sets up a run: builds its parts, and compares them with what a resumed run began with."""

from dataclasses import dataclass

import pytorch_lightning as pl
from pytorch_lightning.utilities.combined_loader import CombinedLoader
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch.utils.data import DataLoader

from akshar.config.config_hash import config_hash
from akshar.config.schema import TrainConfig
from akshar.data.loader import InMemoryLoader
from akshar.data.module import ImageDataModule
from akshar.data.summary import DataSummary, summarise
from akshar.errors import UsageError
from akshar.runs.checkpoint import Checkpoint
from akshar.runs.provenance import Facts
from akshar.runs.run_dir import CheckpointName, RunDir
from akshar.training.hardware import Hardware, resolve_hardware
from akshar.training.left_behind import LeftBehind, check_unchanged, read_left_behind
from akshar.training.model import Model, build_model
from akshar.training.parts import build_data
from akshar.training.warm_start import init_digest


@dataclass(frozen=True)
class Setup:
    """The parts of one run, ready to train.

    Attributes:
        config: of the run.
        run_dir: its folder.
        hardware: what it computes with.
        data: the LightningDataModule, ours or one of the user's own.
        summary: what is known of the data.
        model: with its first weights; those of a checkpoint that it continues from are loaded by Lightning.
        facts: what must stay the same when the run is resumed.
        left: what a resumed run left behind; None for a new run.
    """

    config: TrainConfig
    run_dir: RunDir
    hardware: Hardware
    data: pl.LightningDataModule
    summary: DataSummary
    model: Model
    facts: Facts
    left: LeftBehind | None = None

    @property
    def images(self) -> ImageDataModule | None:
        """The data where it is akshar's own, with all its images in memory."""
        return self.data if isinstance(self.data, ImageDataModule) else None

    @property
    def can_test(self) -> bool:
        """Whether there is something to test with: logits, or a test step of one's own."""
        return self.model.classifier is not None or is_overridden("test_step", self.model.module)

    @property
    def reads_pictures(self) -> bool:
        """Whether what is trained can be used on pictures: by predict, inspect, export and compare."""
        return self.summary.reads_pictures and self.model.classifier is not None

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
    summary = summarise(data)
    check_devices(data, hardware)
    if config.checkpoint.every_n_steps is not None and not summary.exact_loader:
        raise UsageError(
            f"checkpoint.every_n_steps={config.checkpoint.every_n_steps}: needs a training loader with state_dict "
            f"and load_state_dict, which that of {type(data).__name__} does not have; leave it out"
        )
    digests = {
        "data_digest": summary.digest,
        "split_digest": summary.split.digest() if summary.split else None,
        "init_digest": init_digest(config.init_from) if config.init_from is not None else None,
    }
    if left:
        check_unchanged(run_dir, left, config, digests, summary.split)

    model = build_model(config, data, summary, hardware, is_new=resume_from is None)
    facts = Facts(
        name=config.name or f"{summary.card.name}-{model.name}",
        config_hash=config_hash(config, summary.digest, digests["init_digest"]),
        precision=hardware.precision,
        **digests,
    )
    return Setup(config, run_dir, hardware, data, summary, model, facts, left)


def check_devices(data: pl.LightningDataModule, hardware: Hardware) -> None:
    """Check that every device gets a share of each batch.

    Raises:
        UsageError: it would not.
    """
    devices = f"trainer.devices={hardware.devices}"
    if hardware.num_nodes > 1:
        devices = f"trainer.num_nodes={hardware.num_nodes} {devices}"
    if isinstance(data, ImageDataModule):
        val = len(data.split.val) if data.split else 0
        if min(val, data.batch_size) < hardware.world_size:
            raise UsageError(
                f"{devices}: must not be above the {data.batch_size} images of a batch or the "
                f"{val} of validation; each device takes a share"
            )
    elif hardware.world_size > 1:
        for loader in CombinedLoader([data.train_dataloader(), data.val_dataloader()]).flattened:
            if not isinstance(loader, DataLoader | InMemoryLoader):
                raise UsageError(
                    f"{devices}: {type(data).__name__} gives a {type(loader).__name__}, whose "
                    "batches Lightning cannot share between devices; give a DataLoader, or use one"
                )
