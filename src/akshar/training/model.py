"""The model of a run: akshar's `Classifier` around a network, or a LightningModule of one's own."""

from contextlib import suppress
from dataclasses import dataclass, field

import pytorch_lightning as pl
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import nn

from akshar.config.lightning_targets import is_lightning_module
from akshar.config.schema import Part, TrainConfig
from akshar.data.batch import OtherBatches
from akshar.data.summary import DataSummary, image_shape
from akshar.models.classifier import Classifier
from akshar.training.hardware import Hardware
from akshar.training.own_module import (
    build_own_module,
    check_monitor,
    gives_logits,
    use_configured_optimizer,
)
from akshar.training.parts import build_classifier, build_network, check_output, complete_model
from akshar.training.warm_start import load_initial_weights


@dataclass(frozen=True)
class Model:
    """What a run trains, and what can be done with it.

    Attributes:
        part: the config's model with the arguments that come from the data.
        module: what Lightning trains.
        classifier: gives the logits of images: the module itself around a network, another around a LightningModule
            of one's own whose `forward` gives logits; None where it gives none.
        new_layers: parameters that `init_from` did not have.
    """

    part: Part
    module: pl.LightningModule
    classifier: Classifier | None
    new_layers: list[str] = field(default_factory=list)

    @property
    def is_own(self) -> bool:
        """Whether it is a LightningModule of one's own, with its own steps and metrics."""
        return not isinstance(self.module, Classifier)

    @property
    def network(self) -> nn.Module:
        """What is saved, counted and named: the network, or the whole LightningModule of one's own."""
        return self.module.net if isinstance(self.module, Classifier) else self.module

    @property
    def name(self) -> str:
        """Name in results."""
        return type(self.network).__name__.lower()


def build_model(
    config: TrainConfig, data: pl.LightningDataModule, summary: DataSummary, hardware: Hardware, is_new: bool
) -> Model:
    """Build the model, and try it on blank images, or one of one's own on a batch of validation.

    Args:
        config: of the run.
        data: that it is trained on.
        summary: of the data.
        hardware: to compute on.
        is_new: whether the run begins; one that continues was tried then.

    Raises:
        UsageError: model and data do not fit together.
    """
    if not is_lightning_module(config.model.target):
        return _around_network(config, data, summary)
    offered: dict[str, object] = {"num_classes": len(summary.classes)} if summary.classes else {}
    shape = None
    if summary.input_spec is not None and summary.classes:
        channels, *size = summary.input_spec.shape
        offered |= {"in_channels": channels, "image_size": size}
        with suppress(OtherBatches):  # which its own steps may take; it then gives no logits of images
            shape = image_shape(data, summary)
    part, module = build_own_module(config.model, offered)
    new_layers = load_initial_weights(module, config.init_from, summary.classes) if config.init_from else []
    if not is_overridden("configure_optimizers", module):
        use_configured_optimizer(module, config)
    # Before the module is used by a Trainer, which may convert its weights
    reads = shape is not None and gives_logits(module, len(summary.classes), shape)
    if is_new:
        check_monitor(module, data, hardware, config.monitor)
    return Model(part, module, Classifier(module) if reads else None, new_layers)


def _around_network(config: TrainConfig, data: pl.LightningDataModule, summary: DataSummary) -> Model:
    shape, num_classes = image_shape(data, summary), len(summary.classes)
    part = complete_model(config.model, num_classes, shape)
    net = build_network(part)
    new_layers = load_initial_weights(net, config.init_from, summary.classes) if config.init_from else []
    classifier = build_classifier(config, net, summary.class_counts)
    check_output(classifier, num_classes, shape)
    return Model(part, classifier, classifier, new_layers)
