"""Number of training images that a split leaves, computed without loading them."""

from collections.abc import Sequence
from functools import cache

from akshar.data.dataset import SizedDataset


def expected_class_sizes(dataset: object) -> Sequence[int] | None:
    """Return a data set's number of images per class; None where it is unknown before loading."""
    return dataset.class_sizes() if isinstance(dataset, SizedDataset) else None


def training_images(class_sizes: Sequence[int], val_fraction: float, folds: int | None, fold: int) -> int:
    """Count the images left to train on when a share, or a fold, is held out image by image.

    Args:
        class_sizes: images of each class.
        val_fraction, folds, fold: see `akshar.data.splits.split_images`.
    """
    start, stop = (0.0, val_fraction) if folds is None else (fold / folds, (fold + 1) / folds)
    return sum(size - held_out(size, start, stop) for size in class_sizes)


@cache
def held_out(size: int, start: float, stop: float) -> int:
    """Count the images of a class that lie in a stretch of its order, as `split_images` does."""
    return sum(start <= (position + 0.5) / size < stop for position in range(size))
