"""A LightningDataModule of one's own: what it says of its data, and its batches as a model would get them."""

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import torch
from pytorch_lightning import LightningDataModule, LightningModule, Trainer
from pytorch_lightning.utilities.model_helpers import is_overridden
from pytorch_lightning.utilities.seed import isolate_rng
from torch import Tensor

from akshar.data.batch import Examples, images_and_labels
from akshar.data.card import DatasetCard
from akshar.data.image_set import ImageSet, TrainTest, denormalise
from akshar.errors import UsageError
from akshar.pictures.input_spec import InputSpec

TOLERANCE = 0.02  # by which an image may leave [0, 1], where its values were rounded or interpolated


def describe(data: LightningDataModule) -> tuple[DatasetCard, InputSpec | None, tuple[str, ...]]:
    """Read what a data module of one's own says in its attributes `card`, `input_spec`, `classes`, `num_classes`.

    Raises:
        UsageError: one of them is of another type.
    """
    name = type(data).__name__
    card, spec = getattr(data, "card", None), getattr(data, "input_spec", None)
    if card is not None and not isinstance(card, DatasetCard):
        raise UsageError(f"data: {name}.card must be a DatasetCard, not {type(card).__name__}")
    if spec is not None and not isinstance(spec, InputSpec):
        raise UsageError(f"data: {name}.input_spec must be an InputSpec, not {type(spec).__name__}")
    card = card or DatasetCard(name.lower(), f"Batches of the LightningDataModule {name}.")
    return card, spec, _classes(data)


def require_loader(data: LightningDataModule, loader: str) -> None:
    """Check that a data module of one's own has a loader.

    Args:
        data: the data module.
        loader: "train_dataloader", "val_dataloader" or "test_dataloader".

    Raises:
        UsageError: it does not.
    """
    if not is_overridden(loader, data):
        raise UsageError(f"data: {type(data).__name__} has no {loader}")


def read_examples(data: LightningDataModule, stage: Literal["validate", "test"], limit: int | float) -> Examples:
    """Read batches through Lightning, which calls every hook of the data; random generators stay as they are.

    Args:
        data: of batches that begin with images and labels.
        stage: which loader.
        limit: number of batches, or 1.0 for all.

    Returns:
        Images and labels of all of them, on the CPU.

    Raises:
        UsageError: the batches are others.
    """
    require_loader(data, "val_dataloader" if stage == "validate" else "test_dataloader")
    reader = _Reader()
    with isolate_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice about a training that this is not
        trainer = Trainer(
            accelerator="cpu",
            devices=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            limit_val_batches=limit,
            limit_test_batches=limit,
        )
        getattr(trainer, stage)(reader, datamodule=data, verbose=False)
    if not reader.images:
        raise UsageError(f"data: {type(data).__name__} gives no batches to {stage}")
    return Examples(torch.cat(reader.images), torch.cat(reader.labels))


def as_train_test(data: LightningDataModule) -> TrainTest:
    """Read the test images into memory.

    Raises:
        UsageError: the data does not say how pictures become its images, or they are not as it says.
    """
    examples = read_examples(data, "test", 1.0)
    card, spec, classes = describe(data)
    if spec is None or not classes:
        raise UsageError(f"data: {type(data).__name__} has no input_spec or no classes, which reading images needs")
    check_images(type(data).__name__, examples.images, spec)
    pixels = (denormalise(examples.images.float(), spec).clamp(0, 1) * 255).round().to(torch.uint8)
    return TrainTest(card, spec, None, ImageSet(pixels, examples.labels, torch.arange(len(pixels)), classes))


def check_images(name: str, images: Tensor, spec: InputSpec) -> None:
    """Compare images with what the data says of them.

    Raises:
        UsageError: size, channels or normalisation differ.
    """
    if tuple(images.shape[1:]) != spec.shape:
        raise UsageError(
            f"data: {name}.input_spec says images of shape {spec.shape}, its batches hold {tuple(images.shape[1:])}"
        )
    low, high = (round(float(value), 2) for value in denormalise(images.float(), spec).aminmax())
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        raise UsageError(
            f"data: {name}.input_spec says mean {spec.mean} and std {spec.std}, by which its images are from {low} "
            f"to {high}; must be from 0 to 1"
        )


def _classes(data: LightningDataModule) -> tuple[str, ...]:
    """Names from the attribute `classes`, or numbers from 0 where there is only `num_classes`."""
    name, classes, count = type(data).__name__, getattr(data, "classes", None), getattr(data, "num_classes", None)
    if classes is None:
        if count is not None and (not isinstance(count, int) or count < 2):
            raise UsageError(f"data: {name}.num_classes={count}: must be an integer from 2")
        return tuple(map(str, range(count or 0)))
    is_names = isinstance(classes, Sequence) and not isinstance(classes, str)
    if not is_names or len(classes) < 2 or not all(isinstance(label, str) for label in classes):
        raise UsageError(f"data: {name}.classes must be two or more names of classes, in the order of the labels")
    return tuple(classes)


class _Reader(LightningModule):
    """Collects batches."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[Tensor] = []
        self.labels: list[Tensor] = []

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        examples = images_and_labels(batch)
        self.images.append(examples.images)
        self.labels.append(examples.labels)

    test_step = validation_step
