"""A folder of images: one folder per class, any format and size."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from akshar.data.cache import fingerprint
from akshar.data.dataset_size import held_out
from akshar.data.pictures import Pictures
from akshar.data.survey import Listing
from akshar.errors import DataError
from akshar.files import printable

LEFT_BY_WINDOWS = ("Thumbs.db", "desktop.ini")
PARTS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}  # folder -> part


@dataclass(frozen=True, kw_only=True)
class Folder(Pictures):
    """`root/train/<class>/*`, `root/val/<class>/*` and `root/test/<class>/*`.

    The validation folder may be missing, and the test folder; or `root/<class>/*`, or `root/test` alone.

    Attributes:
        root: the folder.
    """

    root: Annotated[str, Field(min_length=1)]

    def class_sizes(self) -> list[int] | None:
        """Count the images to train and validate on, by class; None where a validation folder divides them."""
        try:
            parts = self._folders()
            if "train" not in parts or "val" in parts:
                return None
            counts = [len(image_files(parts["train"] / name)) for name in class_folders(parts["train"])]
        except (DataError, OSError):  # reported when it is loaded
            return None
        return counts if "test" in parts else [count - held_out(count, 0.0, self.test_fraction) for count in counts]

    def listing(self) -> Listing:
        """List the files; see `Pictures.listing`."""
        root = Path(self.root).expanduser()
        if not root.is_dir():
            raise DataError(f"data.root={self.root}: no such folder")
        folders = self._folders()
        classes = {part: class_folders(folder) for part, folder in folders.items()}
        files: list[Path] = []
        labels, numbers, names, parts = [], [], [], {}
        for part, folder in folders.items():
            in_classes = _files_of(folder, classes[part])
            start = len(files)
            for label, paths in enumerate(in_classes):
                files += paths
                labels += [label] * len(paths)
                numbers += [number_in(path, position) for position, path in enumerate(paths)]
            names += [str(path.relative_to(folder)) for path in files[start:]]
            parts[part] = np.arange(start, len(files))
        (first, expected), *others = classes.items()
        for other, found in others:
            if differing := sorted({*expected} ^ {*found}):
                raise DataError(f"{root}: {first} and {other} differ in their classes: {', '.join(differing)}")
        if unreadable := [path for path in files if not path.is_file()]:
            raise DataError(f"{printable(unreadable[0])}: not a readable file; remove it")
        return Listing(
            files, np.array(labels), np.array(numbers), tuple(expected), tuple(names), parts, fingerprint(files)
        )

    def _folders(self) -> dict[str, Path]:
        """The folder of each part; the root itself is "train" where there are no such folders.

        Raises:
            DataError: two folders for one part.
        """
        root = Path(self.root).expanduser()
        found: dict[str, list[Path]] = {}
        for path in sorted(root.iterdir()):
            if (part := PARTS.get(path.name.lower())) and path.is_dir():
                found.setdefault(part, []).append(path)
        if "val" in found and "train" not in found:
            raise DataError(f"{root}: holds {found['val'][0].name}, but no folder train")
        if not found:
            return {"train": root}
        for folders in found.values():
            if len(folders) > 1:
                names = " and ".join(path.name for path in folders)
                raise DataError(f"{root}: holds {names}; remove or rename all but one")
        return {part: found[part][0] for part in ("train", "val", "test") if part in found}


def class_folders(folder: Path) -> list[str]:
    """List a folder's class names in label order: by name, numbers in it by their value."""
    names = [path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(names, key=natural)


def image_files(folder: Path) -> list[Path]:
    """List a folder's files except hidden ones and those that Windows leaves behind."""
    return [path for path in folder.iterdir() if not path.name.startswith(".") and path.name not in LEFT_BY_WINDOWS]


def number_in(path: Path, position: int) -> int:
    """The number that a file is named by, or else its position in its class."""
    return int(path.stem) if path.stem.isdecimal() and len(path.stem) < 16 else position


def natural(path: Path | str) -> list[tuple[bool, int, str]]:
    """Sort key that compares numbers in a name by their value."""
    parts = re.findall(r"\d+|\D+", path if isinstance(path, str) else path.name)
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _files_of(folder: Path, classes: list[str]) -> list[list[Path]]:
    """List the files of each class.

    Raises:
        DataError: no classes, or one without files.
    """
    if not classes:
        raise DataError(f"{folder}: holds no class folders; expected {folder}/<class>/<image>")
    files = [sorted(image_files(folder / name), key=natural) for name in classes]
    if empty := [name for name, paths in zip(classes, files, strict=True) if not paths]:
        raise DataError(f"{folder}: no images in {', '.join(empty)}; remove the folder or fill it")
    return files
