"""Images to hold an exported file against its checkpoint: the run's own where they are here, else drawn glyphs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from akshar.data.cache import cache_root
from akshar.data.folder import Folder
from akshar.data.image_set import ImageSet, TrainTest
from akshar.data.splits import split_images
from akshar.devanagari.broad import Broad
from akshar.devanagari.dhcd import DHCD
from akshar.devanagari.glyphs import Glyphs
from akshar.errors import AksharError, DataError, UsageError
from akshar.reader.export.facts import DATA_KEYS, source_node

COMPARED, CALIBRATED = 1000, 1000  # images
PER_CLASS = 25  # glyphs drawn of each class, for either


@dataclass(frozen=True)
class Shown:
    """Images to compare on, and others to set the ranges of 8 bits by.

    Attributes:
        compared: uint8 [0, 255] (N, 32, 32), which training did not see where there are such.
        calibrated: uint8 [0, 255] (N, 32, 32), none of them among the compared.
        name: what is compared on, in a sentence.
    """

    compared: np.ndarray
    calibrated: np.ndarray
    name: str


def shown_images(config: Mapping[str, Any], data: str | None = None) -> Shown:
    """Images for one export.

    A config may come from a file of others: only sources of our own are built of it, never a `_target_` that it
    names, and nothing is downloaded.

    Args:
        config: of the run that trained the network.
        data: "dhcd", "glyphs" or a folder of images, in place of the config's.

    Raises:
        UsageError: the data that was asked for is not there.
    """
    if data is not None:
        try:
            return _validation(_asked(data), {})
        except DataError as error:
            raise UsageError(f"--data {data}: {error}") from error
    try:
        return _validation(_own(source_node(config)), config.get("data") or {})
    except (AksharError, LookupError, TypeError, ValueError):  # not here, or not as it was, or of another source
        return _validation(Glyphs(train_per_class=PER_CLASS * 2, test_per_class=PER_CLASS).load(), {})


def _asked(data: str) -> TrainTest:
    return {"dhcd": _dhcd, "glyphs": Glyphs}.get(data, lambda: Folder(data))().load()


def _own(node: Mapping[str, Any]) -> TrainTest:
    """The data of a config.

    Raises:
        LookupError: it is of no source of ours.
        DataError: it is not here.
    """
    builders = {"akshar.devanagari.dhcd.DHCD": _dhcd, "akshar.devanagari.glyphs.Glyphs": Glyphs}
    builders |= {"akshar.data.folder.Folder": Folder, "akshar.devanagari.broad.Broad": Broad}
    arguments = {key: value for key, value in node.items() if key not in ("_target_", "url")}
    if any(not isinstance(value, str | int | float | None) for value in arguments.values()):
        raise ValueError
    return builders[str(node.get("_target_"))](**arguments).load()


def _dhcd(subset: Any = "all", archive: str | None = None, cache_dir: str | None = None) -> DHCD:
    """DHCD as far as it is on this machine."""
    archive = archive if archive and Path(archive).expanduser().exists() else None
    if not archive and not os.environ.get("AKSHAR_DHCD") and not (cache_root(cache_dir) / "dhcd").is_dir():
        raise DataError("is not on this machine; name its zip or folder with AKSHAR_DHCD")
    return DHCD(archive, subset, cache_dir)


def _validation(dataset: TrainTest, data: Mapping[str, Any]) -> Shown:
    """The images held out from a data set's training, or its test images where it has no others."""
    if dataset.train is None:
        assert dataset.test is not None
        half = torch.arange(len(dataset.test)) % 2 == 0
        return Shown(
            _some(dataset.test.part(half), COMPARED),
            _some(dataset.test.part(~half), CALIBRATED),
            f"test images of {dataset.name}",
        )
    names = {"split": "method", "split_seed": "seed"}
    split = split_images(dataset.train, **{names.get(key, key): data[key] for key in DATA_KEYS if key in data})
    compared = _some(dataset.train.part(split.val), COMPARED)
    calibrated = _some(dataset.train.part(split.train), CALIBRATED)
    return Shown(compared, calibrated, f"validation images of {dataset.name}")


def _some(images: ImageSet, count: int) -> np.ndarray:
    """So many of the images, or all of them, evenly over the classes."""
    positions = np.linspace(0, len(images) - 1, min(count, len(images))).round().astype(int)
    return images.pixels[torch.from_numpy(positions), 0].numpy()
