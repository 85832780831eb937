"""A folder of images: one folder per class, any format and size."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from akshar.data.cache import Arrays, cache_root, cached_arrays, code_version, fingerprint
from akshar.data.card import DatasetCard
from akshar.data.dataset_size import held_out
from akshar.errors import DataError
from akshar.files import printable
from akshar.pictures.input_spec import InputSpec

if TYPE_CHECKING:
    from akshar.data.image_set import ImageSet, TrainTest

LISTED = 8  # unreadable files named in one message
LEFT_BY_WINDOWS = ("Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Folder:
    """`root/train/<class>/*` and `root/test/<class>/*`, or `root/<class>/*`, or `root/test` alone.

    Attributes:
        root: the folder.
        card: name, licence and labels of the images.
        input_spec: size and framing of the images that pictures are converted to.
        test_fraction: share of every class that becomes the test set where there is no test folder.
        test_seed: selects the test images; independent of the seed of the validation split.
        cache_dir: folder of decoded images, see `cache_root`.
    """

    root: Annotated[str, Field(min_length=1)]
    card: DatasetCard
    input_spec: InputSpec
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    test_seed: Annotated[int, Field(ge=0)]
    cache_dir: str | None = None

    def class_sizes(self) -> list[int] | None:
        """Count the images to train and validate on, by class."""
        try:
            parts = self._parts()
            train = parts.get("train", None if "test" in parts else Path(self.root).expanduser())
            if train is None:
                return None
            counts = [len(image_files(train / name)) for name in class_folders(train)]
        except OSError:  # reported when it is loaded
            return None
        return counts if "test" in parts else [count - held_out(count, 0.0, self.test_fraction) for count in counts]

    def load(self) -> "TrainTest":
        """Read the images, or the cache of them.

        Raises:
            DataError: a folder is missing or empty, classes differ, or files are not images.
        """
        from akshar.data.image_set import TrainTest  # imports torch
        from akshar.data.splits import split_images

        root = Path(self.root).expanduser()
        if not root.is_dir():
            raise DataError(f"data.root={self.root}: no such folder")
        parts = self._parts()
        if "test" in parts:
            test = self._read(parts["test"])
            train = self._read(parts["train"]) if "train" in parts else None
            if train is not None and train.classes != test.classes:
                differing = sorted({*train.classes} ^ {*test.classes})
                raise DataError(f"{root}: train and test differ in their classes: {', '.join(differing)}")
            return TrainTest(self.card, self.input_spec, train, test)
        images = self._read(parts.get("train", root))
        split = split_images(images, val_fraction=self.test_fraction, seed=self.test_seed)
        return TrainTest(self.card, self.input_spec, images.part(split.train), images.part(split.val))

    def _parts(self) -> dict[str, Path]:
        paths = Path(self.root).expanduser().iterdir()
        return {path.name.lower(): path for path in paths if path.name.lower() in ("train", "test")}

    def _read(self, folder: Path) -> "ImageSet":
        import torch

        from akshar.data.image_set import ImageSet
        from akshar.pictures import decode, framing, ink, ruling

        classes = class_folders(folder)
        if not classes:
            raise DataError(f"{folder}: holds no class folders; expected {folder}/<class>/<image>")
        files = {name: sorted(image_files(folder / name), key=_natural) for name in classes}
        if empty := [name for name in classes if not files[name]]:
            raise DataError(f"{folder}: no images in {', '.join(empty)}; remove the folder or fill it")
        everything = [path for name in classes for path in files[name]]
        if unreadable := [path for path in everything if not path.is_file()]:
            raise DataError(f"{printable(unreadable[0])}: not a readable file; remove it")
        key = fingerprint(everything, code_version((decode, ink, ruling, framing)), self.input_spec)
        cache = cache_root(self.cache_dir) / f"folder-{key}"
        arrays = cached_arrays(cache, lambda: _decode(files, self.input_spec), ("pixels", "labels", "numbers"))
        pixels = torch.from_numpy(arrays["pixels"])
        return ImageSet(
            pixels[:, None] if pixels.ndim == 3 else pixels,
            torch.from_numpy(arrays["labels"]),
            torch.from_numpy(arrays["numbers"]),
            tuple(classes),
            tuple(str(path.relative_to(folder)) for path in everything),
        )


def class_folders(folder: Path) -> list[str]:
    """List a folder's class names in label order: by name, numbers in it by their value."""
    names = [path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(names, key=_natural)


def image_files(folder: Path) -> list[Path]:
    """List a folder's files except hidden ones and those that Windows leaves behind."""
    return [path for path in folder.iterdir() if not path.name.startswith(".") and path.name not in LEFT_BY_WINDOWS]


def read_picture(path: Path, spec: InputSpec) -> np.ndarray:
    """Read one file as an image of the given spec.

    Returns:
        uint8 [0, 255] (H, W) for one channel, else (C, H, W).

    Raises:
        DataError: not an image, too large, or blank; the message names the file.
    """
    from akshar.pictures.decode import decode_for
    from akshar.pictures.framing import frame_picture

    framed = frame_picture(decode_for(path, spec), spec)
    if framed.box is None:
        raise DataError(f"{printable(path)}: the picture is blank")
    return framed.pixels


def _natural(path: Path | str) -> list[tuple[bool, int, str]]:
    """Sort key that compares numbers in a name by their value."""
    parts = re.findall(r"\d+|\D+", path if isinstance(path, str) else path.name)
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _decode(files: Mapping[str, list[Path]], spec: InputSpec) -> Arrays:
    pixels, labels, numbers, broken = [], [], [], []
    for label, paths in enumerate(files.values()):
        for position, path in enumerate(paths):
            try:
                pixels.append(read_picture(path, spec))
            except DataError as error:
                broken.append(str(error))
                continue
            labels.append(label)
            numbers.append(int(path.stem) if path.stem.isdecimal() and len(path.stem) < 16 else position)
    if broken:
        more = [f"... and {len(broken) - LISTED} more"] if len(broken) > LISTED else []
        raise DataError("\n".join(broken[:LISTED] + more))
    return {"pixels": np.stack(pixels), "labels": np.array(labels), "numbers": np.array(numbers)}
