"""Shortens a run for a rehearsal: few images of validation and test, one device, loggers that only write files."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from pytorch_lightning import LightningDataModule
from pytorch_lightning.utilities.model_helpers import is_overridden

from akshar.config.schema import TrainConfig
from akshar.data.image_set import ImageSet, evaluated_at_once
from akshar.data.module import ImageDataModule
from akshar.data.summary import count_loader
from akshar.runs.run_dir import RunDir
from akshar.training.setup import Setup

BATCHES = 3  # of validation and of test
FILE_LOGGERS = ("akshar.runs.tensorboard.RunLogger", "pytorch_lightning.loggers.CSVLogger")


def shorten(setup: Setup) -> tuple[Setup, Callable[[], int | None]]:
    """Shorten validation and test to a few batches; the training images stay.

    Args:
        setup: of the run; its data is changed.

    Returns:
        What is rehearsed, and a function that counts the test images of the run itself, known after the rehearsal.
    """
    config = _on_one_device(setup.config, setup.run_dir)
    short = replace(setup, config=config, hardware=replace(setup.hardware, devices=1, num_nodes=1))
    data = setup.data
    if not isinstance(data, ImageDataModule):
        counts = _shorten_loaders(data)
        return short, lambda: counts.get("test_dataloader", 0)
    count = BATCHES * evaluated_at_once(data.dataset.input_spec)
    assert data.split is not None
    data.split = replace(data.split, val=data.split.val[:: _stride(len(data.split.val), count)])
    data.test = data.test and _few(data.test, count)
    summary = replace(setup.summary, val=len(data.split.val), test=len(data.test) if data.test else 0)
    return replace(short, summary=summary), lambda: setup.summary.test


def _on_one_device(config: TrainConfig, run_dir: RunDir) -> TrainConfig:
    loggers = {
        name: part.with_arguments(save_dir=str(run_dir.path)) if "save_dir" in part.arguments else part
        for name, part in config.logger.items()
        if part and part.target in FILE_LOGGERS
    }
    return config.model_copy(
        update={"logger": loggers, "trainer": config.trainer.with_arguments(devices=1, num_nodes=1)}
    )


def _stride(length: int, count: int) -> int:
    """Distance of about `count` positions that are spread over all of them, and thus over the classes."""
    return max(1, math.ceil(length / count))


def _few(images: ImageSet, count: int) -> ImageSet:
    step = _stride(len(images), count)
    return replace(
        images,
        pixels=images.pixels[::step],
        labels=images.labels[::step],
        numbers=images.numbers[::step],
        files=images.files[::step],
    )


def _shorten_loaders(data: LightningDataModule) -> dict[str, int | None]:
    """Let the loaders of a data module of one's own end after a few batches; return their images, once called."""
    counts: dict[str, int | None] = {}
    for name in ("val_dataloader", "test_dataloader"):
        if is_overridden(name, data):
            setattr(data, name, _counting(getattr(data, name), name, counts))
    return counts


def _counting(whole: Callable[[], Any], name: str, counts: dict[str, int | None]) -> Callable[[], Any]:
    def few() -> Any:
        loader = whole()
        counts[name] = count_loader(loader)
        return _first(loader)

    return few


class _First:
    """The first batches of a loader."""

    def __init__(self, loader: Any):
        self.loader = loader

    def __iter__(self) -> Iterator[Any]:
        return islice(self.loader, BATCHES)

    def __len__(self) -> int:
        return min(BATCHES, len(self.loader))


def _first(loader: Any) -> Any:
    match loader:
        case Mapping():
            return {key: _first(part) for key, part in loader.items()}
        case list() | tuple():
            return [_first(part) for part in loader]
    return _First(loader)
