"""A person's own images: folders of classes, any format and size, dark on light or light on dark."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from akshar.data.cache import Arrays, cache_root, cached_arrays, code_version, fingerprint
from akshar.data.dataset_size import class_folders, image_files
from akshar.data.image_set import ImageSet, TrainTest
from akshar.data.splits import split_images
from akshar.errors import DataError
from akshar.files import printable
from akshar.pictures import decode, frame, framing, ink, ruling

LISTED = 8  # unreadable files named in one message


@dataclass(frozen=True)
class Folder:
    """`root/train/<class>/*` and `root/test/<class>/*`, or `root/<class>/*`, or `root/test` alone.

    Attributes:
        root: the folder.
        test_fraction: without a test folder, the share of every class that becomes the test set.
        test_seed: of that share alone, so that other splits for validation leave the test set as it is.
        cache_dir: see `cache_root`.
    """

    root: Annotated[str, Field(min_length=1)]
    test_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    test_seed: Annotated[int, Field(ge=0)] = 1
    cache_dir: str | None = None

    def load(self) -> TrainTest:
        """Reads the images, or the cache of them.

        Raises:
            DataError: a folder that is missing or empty, classes that differ, files that are no images.
        """
        root = Path(self.root).expanduser()
        if not root.is_dir():
            raise DataError(f"data.root={self.root}: no such folder")
        parts = {path.name.lower(): path for path in root.iterdir() if path.name.lower() in ("train", "test")}
        if "test" in parts:
            test = self._read(parts["test"])
            train = self._read(parts["train"]) if "train" in parts else None
            if train is not None and train.classes != test.classes:
                differing = sorted({*train.classes} ^ {*test.classes})
                raise DataError(f"{root}: train and test differ in their classes: {', '.join(differing)}")
            return TrainTest("folder", train, test)
        images = self._read(parts.get("train", root))
        split = split_images(images, val_fraction=self.test_fraction, seed=self.test_seed)
        return TrainTest("folder", images.part(split.train), images.part(split.val))

    def _read(self, folder: Path) -> ImageSet:
        classes = class_folders(folder)
        if not classes:
            raise DataError(f"{folder}: holds no class folders; expected {folder}/<class>/<image>")
        files = {name: sorted(image_files(folder / name), key=_natural) for name in classes}
        if empty := [name for name in classes if not files[name]]:
            raise DataError(f"{folder}: no images in {', '.join(empty)}; remove the folder or fill it")
        everything = [path for name in classes for path in files[name]]
        if gone := [path for path in everything if not path.is_file()]:
            raise DataError(f"{printable(gone[0])}: is no file that can be read; remove it")
        key = fingerprint(everything, code_version((decode, ink, ruling, framing, frame)))
        cache = cache_root(self.cache_dir) / f"folder-{key}"
        arrays = cached_arrays(cache, lambda: _decode(files), ("pixels", "labels", "numbers"))
        return ImageSet(
            torch.from_numpy(arrays["pixels"])[:, None],
            torch.from_numpy(arrays["labels"]),
            torch.from_numpy(arrays["numbers"]),
            tuple(classes),
            tuple(str(path.relative_to(folder)) for path in everything),
        )


def read_picture(path: Path) -> np.ndarray:
    """Reads one file as a character.

    Returns:
        uint8 [0, 255] (32, 32), white on black.

    Raises:
        DataError: no image, too large a one, or nothing drawn on it; the message names the file.
    """
    placed = framing.frame_picture(decode.decode(path), frame.SPEC)
    if placed.box is None:
        raise DataError(f"{printable(path)}: nothing is drawn on it")
    return placed.pixels


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    parts = re.findall(r"\d+|\D+", path.name)
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _decode(files: dict[str, list[Path]]) -> Arrays:
    pixels, labels, numbers, broken = [], [], [], []
    for label, paths in enumerate(files.values()):
        for position, path in enumerate(paths):
            try:
                pixels.append(read_picture(path))
            except DataError as error:
                broken.append(str(error))
                continue
            labels.append(label)
            numbers.append(int(path.stem) if path.stem.isdecimal() and len(path.stem) < 16 else position)
    if broken:
        more = [f"... and {len(broken) - LISTED} more"] if len(broken) > LISTED else []
        raise DataError("\n".join(broken[:LISTED] + more))
    return {"pixels": np.stack(pixels), "labels": np.array(labels), "numbers": np.array(numbers)}
