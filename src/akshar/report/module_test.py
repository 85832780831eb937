"""The test of a run that reads no pictures: Lightning's, on the batches of its data."""

import logging

import pytorch_lightning as pl
from pytorch_lightning.loggers.logger import DummyLogger
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import nn

from akshar.config.schema import TestConfig
from akshar.config.trusted import build_trusted
from akshar.data.module import ImageDataModule
from akshar.data.own_data_module import describe, require_loader
from akshar.errors import UsageError
from akshar.files import printable
from akshar.models.classifier import Classifier
from akshar.models.parameters import count_parameters
from akshar.runs import provenance
from akshar.runs.checkpoint import Checkpoint
from akshar.runs.load_checkpoint import read_model
from akshar.runs.provenance import Provenance
from akshar.runs.result import BestResult, DataResult, ModelResult, Result
from akshar.runs.run_dir import RunDir
from akshar.training.finalize import logged_metrics
from akshar.training.hardware import Hardware, resolve_precision
from akshar.training.parts import bare_trainer, build_data_module

log = logging.getLogger(__name__)


def reads_pictures(model: str) -> bool:
    """Whether a file holds a network whose images and classes are known; see `akshar.runs.load_checkpoint`."""
    contents = read_model(model).contents
    return contents.input_spec is not None and contents.classes is not None


def run_module_test(config: TestConfig, run_dir: RunDir) -> Result:
    """Test a LightningModule of one's own, or a network on a data module of one's own, and write `result.json`.

    Args:
        config: of `akshar test`.
        run_dir: where it goes.

    Raises:
        UsageError: the model cannot be rebuilt, or has no test.
    """
    if config.part != "test":
        raise UsageError(f"part={config.part}: must be test, because this model is tested by Lightning's test step")
    checkpoint = read_model(config.checkpoint)
    module = _rebuild(config, checkpoint)
    data = build_data_module(config.data, None, seed=1)
    require_loader(data, "test_dataloader")
    precision = resolve_precision(config.precision, config.accelerator)
    tester = bare_trainer(Hardware(config.accelerator, 1, precision), DummyLogger())
    tester.test(module, datamodule=data, verbose=False)

    card = data.dataset.card if isinstance(data, ImageDataModule) else describe(data)[0]
    trained = module.net if isinstance(module, Classifier) else module
    name = type(trained).__name__.lower()
    result = Result(
        name=checkpoint.config.get("name") or f"{card.name}-{name}",
        seed=checkpoint.config.get("seed"),
        checkpoint=config.checkpoint,
        classes=checkpoint.contents.classes or [],
        card=card.to_record(),
        data=DataResult(
            source=card.name,
            classes=len(checkpoint.contents.classes or ()),
            test=len(module.labels) if isinstance(module, Classifier) else None,
            digest=data.dataset.digest() if isinstance(data, ImageDataModule) else None,
        ),
        model=ModelResult(name=name, parameters=count_parameters(trained)),
        best=BestResult(checkpoint=config.checkpoint, temperature=checkpoint.contents.temperature or 1.0),
        metrics=logged_metrics(tester),
        config=config.to_record(),
        provenance=Provenance(precision=precision, **dict(provenance.environment())),
    )
    run_dir.write_config(result.config)
    result.write(run_dir.result)
    log.info("%s with %s parameters on %s", name, f"{result.model.parameters:,}", card.name)
    for metric, value in sorted(result.metrics.items()):
        log.info("%-14s %.4f", metric, value)
    return result


def _rebuild(config: TestConfig, checkpoint: Checkpoint) -> pl.LightningModule:
    """Build what the checkpoint names, with its weights; its classes and functions must be trusted."""
    named, contents = config.checkpoint, checkpoint.contents
    built = build_trusted(named, contents.network, config.trust)
    name = type(built).__name__
    if not contents.prefix and not isinstance(built, pl.LightningModule):
        raise UsageError(f"{named}: names {name}, which is not a LightningModule")
    if not isinstance(built, nn.Module):
        raise UsageError(f"{named}: names {name}, which is not a network")
    try:
        built.load_state_dict(checkpoint.weights)
    except RuntimeError as error:
        raise UsageError(
            f"{named}: its weights do not fit {name} ({printable(str(error).splitlines()[-1].strip())})"
        ) from error
    module = Classifier(built) if contents.prefix else built
    assert isinstance(module, pl.LightningModule)
    if not is_overridden("test_step", module):
        raise UsageError(f"{named}: cannot be tested, {name} has no test_step")
    return module
