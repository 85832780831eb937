"""The LightningDataModule: a data set's images, split once, in batches prepared on the device."""

from collections.abc import Callable

import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor

from akshar.data.batch import Batch, Examples
from akshar.data.image_set import ImageSet, TrainTest, evaluated_at_once, normalise, to_unit
from akshar.data.loader import InMemoryLoader
from akshar.data.splits import Method, Split, split_images
from akshar.errors import UsageError

Augmentation = Callable[[Tensor, torch.Generator], Tensor]


class ImageDataModule(LightningDataModule):
    """Training, validation and test batches of one data set.

    Pixels stay uint8 until they are on the device; there they become float, are augmented (training only)
    and normalised as the data's `InputSpec` says.

    Args:
        dataset: the images.
        augment: float [0, 1] (B, C, H, W) and a generator on the same device -> the same shape; None for none.
        batch_size: training images in a step.
        val_fraction, folds, fold, split, split_seed: see `split_images`.
        seed: of order and augmentation.

    Attributes:
        train, test: the images; either may be None.
        split: of `train`; None without it.
    """

    def __init__(
        self,
        dataset: TrainTest,
        augment: Augmentation | None = None,
        *,
        batch_size: int,
        val_fraction: float = 0.1,
        folds: int | None = None,
        fold: int = 0,
        split: Method = "random",
        split_seed: int = 1,
        seed: int = 1,
    ):
        super().__init__()
        self.dataset = dataset
        self.train, self.test = self.dataset.train, self.dataset.test
        if len(self.classes) < 2:
            raise UsageError(f"data: holds only the class {', '.join(self.classes)}; at least two are needed")
        self.augment = augment
        self.batch_size = batch_size
        self.seed = seed
        self.split: Split | None = None
        if self.train is not None:
            self.split = split_images(
                self.train,
                given=dataset.val_positions,
                val_fraction=val_fraction,
                folds=folds,
                fold=fold,
                method=split,
                seed=split_seed,
            )
            if batch_size > len(self.split.train):
                raise UsageError(
                    f"data.batch_size={batch_size}: more than the {len(self.split.train)} training images; "
                    f"choose {len(self.split.train)} or less"
                )

    def __repr__(self) -> str:
        """Name of the data, number of images of each part, of classes, and an image's shape."""
        split = {"train": len(self.split.train), "val": len(self.split.val)} if self.split else {}
        counts = split | ({"test": len(self.test)} if self.test is not None else {})
        parts = ", ".join(f"{count:,} {part}" for part, count in counts.items())
        shape = "x".join(map(str, self.dataset.input_spec.shape))
        return f"{type(self).__name__}({self.dataset.name}: {parts}; {len(self.classes)} classes, images {shape})"

    __str__ = __repr__  # Lightning's takes a batch for a data set

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in label order."""
        return self.dataset.classes

    @property
    def class_counts(self) -> Tensor:
        """Number of training images of each class, int64 (K,)."""
        train, split = self._trainable()
        return torch.bincount(train.labels[split.train], minlength=len(self.classes))

    def train_dataloader(self) -> InMemoryLoader:
        """Iterate over the training images, once per epoch in a new order."""
        train, split = self._trainable()
        return InMemoryLoader(train, split.train, self.batch_size, shuffle_seed=self.seed)

    def val_dataloader(self) -> InMemoryLoader:
        """Iterate over the validation images, in order."""
        train, split = self._trainable()
        return InMemoryLoader(train, split.val, evaluated_at_once(self.dataset.input_spec))

    def test_dataloader(self) -> InMemoryLoader:
        """Iterate over the test images, in order."""
        if self.test is None:
            raise UsageError("data: has no test images")
        return InMemoryLoader(self.test, torch.arange(len(self.test)), evaluated_at_once(self.dataset.input_spec))

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Examples:
        """Convert uint8 [0, 255] to normalised float32, augmented while training."""
        training = self.trainer is not None and self.trainer.training
        return self.prepare(batch, augmented=training)

    def prepare(self, batch: Batch, augmented: bool) -> Examples:
        """Make a batch ready for the network, on the batch's device."""
        images = to_unit(batch.images)
        if augmented and self.augment is not None:
            generator = torch.Generator(images.device).manual_seed(batch.seed)
            images = self.augment(images, generator)
        return Examples(normalise(images, self.dataset.input_spec), batch.labels)

    def _trainable(self) -> tuple[ImageSet, Split]:
        if self.train is None or self.split is None:
            raise UsageError("data: has no training images, only test images")
        return self.train, self.split
