"""Chooses images to compare an exported file with its checkpoint on, and others to calibrate 8 bits with."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from akshar.config.conf_dir import conf_dir
from akshar.config.lightning_targets import is_data_module
from akshar.config.trusted import build_trusted, check_config
from akshar.data.cache import cache_root
from akshar.data.image_set import ImageSet, TrainTest
from akshar.data.splits import split_images
from akshar.errors import AksharError, DataError, UsageError
from akshar.pictures.input_spec import InputSpec
from akshar.reader.export.facts import SPLIT_KEYS
from akshar.runs.load_data import NOT_FROM_A_RECORD, load_images

COMPARED, CALIBRATED = 1000, 1000  # images
DRAWN = {"train_per_class": 50, "test_per_class": 25}  # glyphs to draw where the run's own data is not here
FOLDER = {"_target_": "akshar.data.folder.Folder"}
DOWNLOADED = "archive"  # argument of data sets that are downloaded unless it names a file
NOT_ARGUMENTS = (
    "defaults",
    "batch_size",
    "exclude",
    *SPLIT_KEYS,
    *NOT_FROM_A_RECORD,
)  # keys of `data` that are left out


@dataclass(frozen=True)
class ExportImages:
    """Images for one export, uint8 [0, 255] (N, H, W) or (N, 3, H, W).

    Attributes:
        compared: images to compare answers on; not trained on, where there are such.
        calibrated: images to calibrate 8 bits with; disjoint from `compared`.
        name: what `compared` are, for the terminal and the card.
    """

    compared: np.ndarray
    calibrated: np.ndarray
    name: str


def export_images(
    config: Mapping[str, Any], spec: InputSpec, data: str | None = None, trust: Sequence[str] = ()
) -> ExportImages:
    """Load images: those of `data`, else the run's own, else drawn glyphs, else noise.

    Nothing is downloaded. A config may come from an untrusted file: `build_trusted` decides what it may name.

    Args:
        config: of the run that trained the network.
        spec: of the network's input.
        data: a shipped config of `data`, e.g. "dhcd", or a folder of images.
        trust: packages of the user's own whose data the config may name.

    Raises:
        UsageError: `data` is not on this machine, or its images are not as the network's.
    """
    if data is not None:
        shipped = (conf_dir() / "data" / f"{data}.yaml").is_file() and "_target_" in _shipped(data)
        try:
            return _held_out(_load(_shipped(data) if shipped else FOLDER | {"root": data}, spec), {}, spec)
        except AksharError as error:
            raise UsageError(f"--data {data}: {error}") from error
    own = config.get("data")
    own = own if isinstance(own, dict) else {}
    for node, split in ((own, own), (_shipped("glyphs") | DRAWN, {})):
        try:
            return _held_out(_load(node, spec, trust), split, spec)
        except (AksharError, AttributeError, LookupError, TypeError, ValueError):
            continue  # it is not on this machine, has changed, may not be built, or does not fit the spec
    return _noise(spec)


def _shipped(name: str) -> dict[str, Any]:
    """Target and arguments of a shipped data set."""
    return yaml.safe_load((conf_dir() / "data" / f"{name}.yaml").read_text(encoding="utf-8"))


def _load(node: Mapping[str, Any], spec: InputSpec, trust: Sequence[str] = ()) -> TrainTest:
    """Load a data set from plain values, if that needs no download; pictures are prepared as the spec says.

    Raises:
        AksharError: it may not be built, or is not on this machine.
    """
    check_config("config", node, trust)
    left_out = () if is_data_module(node.get("_target_")) else NOT_ARGUMENTS
    arguments = {key: value for key, value in node.items() if key not in left_out}
    if DOWNLOADED in arguments:
        archive, cached = arguments[DOWNLOADED], cache_root() / "dhcd"
        if not archive or not Path(archive).expanduser().exists():
            arguments[DOWNLOADED] = None
            if not os.environ.get("AKSHAR_DHCD") and not cached.is_dir():
                raise DataError("not on this machine; set AKSHAR_DHCD to its zip or folder")
    return load_images(build_trusted("config", arguments, trust), spec, node.get("exclude") if left_out else None)


def _held_out(dataset: TrainTest, data: Mapping[str, Any], spec: InputSpec) -> ExportImages:
    """Take the images held out from training, or the test images of a data set without training images."""
    images = dataset.train if dataset.train is not None else dataset.test
    assert images is not None
    if tuple(images.pixels.shape[1:]) != spec.shape:
        raise DataError(f"images of shape {tuple(images.pixels.shape[1:])}, but the network reads {spec.shape}")
    if dataset.train is None:
        even = torch.arange(len(images)) % 2 == 0
        chosen, kind = (even.nonzero().flatten(), (~even).nonzero().flatten()), "test"
    else:
        names = {"split": "method", "split_seed": "seed"}
        options = {names.get(key, key): data[key] for key in SPLIT_KEYS if key in data}
        split = split_images(dataset.train, given=dataset.val_positions, **options)
        chosen, kind = (split.val, split.train), "validation"
    counts = (COMPARED, CALIBRATED)
    compared, calibrated = (_some(images, part, count) for part, count in zip(chosen, counts, strict=True))
    return ExportImages(compared, calibrated, f"{kind} images of {dataset.name}")


def _some(images: ImageSet, chosen: torch.Tensor, count: int) -> np.ndarray:
    """At most `count` of the chosen images, evenly distributed over the classes."""
    positions = np.linspace(0, len(chosen) - 1, min(count, len(chosen))).round().astype(int)
    pixels = images.pixels[chosen[torch.from_numpy(positions)]].numpy()
    return pixels[:, 0] if pixels.shape[1] == 1 else pixels


def _noise(spec: InputSpec) -> ExportImages:
    shape = (COMPARED + CALIBRATED, *spec.pixels_shape)
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    return ExportImages(pixels[:COMPARED], pixels[COMPARED:], "images of noise, as the run's data is not here")
