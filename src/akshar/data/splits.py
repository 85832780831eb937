"""Validation splits of the training images: stratified, seeded, with a digest."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from akshar.data.image_set import ImageSet
from akshar.errors import UsageError
from akshar.seeds import generator

BLOCKS = 50  # number of blocks of neighbouring file numbers in each class, under method="blocks"

Method = Literal["random", "blocks"]


@dataclass(frozen=True)
class Split:
    """Positions in the training set, int64, ascending; each image is in exactly one part.

    Attributes:
        train: (N_train,).
        val: (N_val,).
        settings: arguments of the split, for `split.json`.
    """

    train: Tensor
    val: Tensor
    settings: dict[str, int | float | str | None]

    def to_record(self) -> dict[str, Any]:
        """Plain values, as they are written to `split.json`."""
        return self.settings | {"digest": self.digest(), "val": self.val.tolist()}

    def digest(self) -> str:
        """Sha256 over the validation positions and the number of images."""
        count = len(self.train) + len(self.val)
        return hashlib.sha256(f"{count}:".encode() + self.val.numpy().tobytes()).hexdigest()


def split_images(
    images: ImageSet,
    *,
    given: Tensor | None = None,
    val_fraction: float = 0.1,
    folds: int | None = None,
    fold: int = 0,
    method: Method = "random",
    seed: int = 1,
) -> Split:
    """Hold out a share of every class, or with `folds` one fold of k-fold cross-validation.

    Each class is shuffled with a seed from (seed, class name), and a contiguous range of that order is held
    out. Folds are therefore disjoint and cover every image, shares are equal across classes to within one
    image (one block under "blocks"), and a class is split in the same way in every subset of the classes.

    Args:
        images: the training set.
        given: positions of validation images that the data set names itself; the other arguments are unused.
        val_fraction: share held out, (0, 1); unused with `folds`.
        folds: number of folds, 2 or more; None for a single split.
        fold: fold to validate on, [0, folds).
        method: "random" draws single images; "blocks" keeps images with neighbouring file numbers together,
            for an estimate that is closer to the accuracy on unseen writers.
        seed: of the split alone; independent of the training's seed.

    Raises:
        UsageError: `fold` is out of range, a class has too few images for both parts, or `folds` beside `given`.
    """
    if given is not None:
        if folds is not None:
            raise UsageError(f"data.folds={folds}: the data has validation images of its own; leave folds out")
        train = torch.ones(len(images), dtype=torch.bool)
        train[given] = False
        settings = {"method": "given", "seed": None, "val_fraction": None, "folds": None, "fold": None}
        return Split(torch.nonzero(train).flatten(), given, settings)
    if folds is not None and not 0 <= fold < folds:
        raise UsageError(f"data.fold={fold}: must be from 0 to {folds - 1}, because data.folds={folds}")
    start, stop = (0.0, val_fraction) if folds is None else (fold / folds, (fold + 1) / folds)
    key = f"data.{'val_fraction' if folds is None else 'folds'}"
    held_out = hold_out(images.labels, images.numbers, images.classes, start, stop, method, seed, key)
    settings = {"method": method, "seed": seed, "val_fraction": None if folds else val_fraction}
    settings |= {"folds": folds, "fold": fold if folds else None}
    return Split(torch.nonzero(~held_out).flatten(), torch.nonzero(held_out).flatten(), settings)


def hold_out(
    labels: Tensor,
    numbers: Tensor,
    classes: Sequence[str],
    start: float,
    stop: float,
    method: Method,
    seed: int,
    key: str,
) -> Tensor:
    """Choose the images between two shares of every class's shuffled order; see `split_images`.

    Args:
        labels, numbers, classes: see `ImageSet`.
        start, stop: shares, [0, 1].
        method, seed: of the split.
        key: of the config, for the message.

    Returns:
        bool (N,).

    Raises:
        UsageError: a class has too few images for both parts.
    """
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    for label, name in enumerate(classes):
        members = torch.nonzero(labels == label).flatten()
        members = members[torch.argsort(numbers[members], stable=True)]
        groups = members.tensor_split(min(BLOCKS, len(members)) if method == "blocks" else len(members))
        order = torch.randperm(len(groups), generator=generator(seed, "split", name))
        sizes = torch.tensor([len(groups[i]) for i in order.tolist()], dtype=torch.float64)
        # A group belongs to the fold that its middle lies in, so each is in exactly one fold.
        middles = (sizes.cumsum(0) - sizes / 2) / len(members)
        chosen = order[(middles >= start) & (middles < stop)].tolist()
        count = sum(len(groups[i]) for i in chosen)
        if not 0 < count < len(members):
            way_out = "data.split=random, or more images" if method == "blocks" else "another share, or more images"
            raise UsageError(
                f"{key}: class {name} has {len(members)} images, too few for both parts; use {way_out}"
            )
        for i in chosen:
            held_out[groups[i]] = True
    return held_out
