"""`DataSummary`: what a run can know of its data, ours or a LightningDataModule of one's own."""

from dataclasses import dataclass
from typing import Any

import torch
from pytorch_lightning import LightningDataModule
from pytorch_lightning.utilities.combined_loader import CombinedLoader
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import Tensor

from akshar.data.card import DatasetCard
from akshar.data.module import ImageDataModule
from akshar.data.own_data_module import check_images, describe, read_examples, require_loader
from akshar.data.splits import Split
from akshar.errors import UsageError
from akshar.pictures.input_spec import InputSpec


@dataclass(frozen=True)
class DataSummary:
    """What is known of the data of a run before it trains.

    Attributes:
        card: facts about the data set.
        classes: names in label order; empty where the data does not name them.
        input_spec: how pictures become its images; None where the data does not say.
        train, val, test: number of examples; None where that cannot be told, 0 for a part that is missing.
        digest: sha256 of all images; None for a LightningDataModule of one's own.
        class_counts: number of training images of each class, int64 (K,); zeros where they are unknown.
        split: of the training images; None where akshar did not split them.
        exact_loader: whether the position in an epoch can be saved, and training resumed there.
    """

    card: DatasetCard
    classes: tuple[str, ...]
    input_spec: InputSpec | None
    train: int | None
    val: int | None
    test: int | None
    digest: str | None
    class_counts: Tensor
    split: Split | None
    exact_loader: bool

    @property
    def reads_pictures(self) -> bool:
        """Whether pictures can become the network's input, and its output the name of a class."""
        return self.input_spec is not None and bool(self.classes)


def summarise(data: LightningDataModule) -> DataSummary:
    """Describe the data of a run; a data module of one's own is set up for it, as Lightning does again later.

    Raises:
        UsageError: the data lacks what training needs.
    """
    if isinstance(data, ImageDataModule):
        return _of_images(data)
    for loader in ("train_dataloader", "val_dataloader"):
        require_loader(data, loader)
    data.prepare_data()
    data.setup("fit")
    train = data.train_dataloader()
    card, input_spec, classes = describe(data)
    return DataSummary(
        card=card,
        classes=classes,
        input_spec=input_spec,
        train=count_loader(train),
        val=count_loader(data.val_dataloader()),
        test=None if is_overridden("test_dataloader", data) else 0,
        digest=None,
        class_counts=torch.zeros(len(classes), dtype=torch.long),
        split=None,
        exact_loader=all(
            hasattr(loader, "state_dict") and hasattr(loader, "load_state_dict")
            for loader in CombinedLoader(train).flattened
        ),
    )


def image_shape(data: LightningDataModule, summary: DataSummary) -> tuple[int, ...]:
    """Return the shape (C, H, W) of the images that a network gets.

    Raises:
        UsageError: the data does not give what a network needs, or not as its `input_spec` says.
    """
    if isinstance(data, ImageDataModule):
        return data.dataset.input_spec.shape
    name = type(data).__name__
    if not summary.classes:
        raise UsageError(
            f"data: {name} has neither classes nor num_classes, and a network has one logit for each class; set "
            "one of them in its __init__ or setup"
        )
    images = read_examples(data, "validate", 1).images
    if summary.input_spec is not None:
        check_images(name, images, summary.input_spec)
    return tuple(images.shape[1:])


def _of_images(data: ImageDataModule) -> DataSummary:
    if data.train is None or data.split is None:
        raise UsageError("data: has no training images, only test images")
    return DataSummary(
        card=data.dataset.card,
        classes=data.classes,
        input_spec=data.dataset.input_spec,
        train=len(data.split.train),
        val=len(data.split.val),
        test=len(data.test) if data.test is not None else 0,
        digest=data.dataset.digest(),
        class_counts=data.class_counts,
        split=data.split,
        exact_loader=True,
    )


def count_loader(loader: Any) -> int | None:
    """Count the examples of a loader, or of several; None where one of them does not tell."""
    counts = [_length(getattr(part, "dataset", None)) for part in CombinedLoader(loader).flattened]
    return None if None in counts else sum(count for count in counts if count is not None)


def _length(dataset: Any) -> int | None:
    try:
        return len(dataset)
    except (TypeError, NotImplementedError):  # an iterable data set
        return None
