"""How many classes and images a source will give, known without loading it or anything heavy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from akshar.devanagari.letters import PER_CLASS, SUBSETS, class_order

LEFT_BY_WINDOWS = ("Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class DatasetSize:
    """Of the images to train and validate on.

    Attributes:
        per_class: images of each class.
    """

    per_class: tuple[int, ...]

    def training(self, val_fraction: float, folds: int | None, fold: int) -> int:
        """Images left to train on when a share, or a fold, is held out image by image."""
        start, stop = (0.0, val_fraction) if folds is None else (fold / folds, (fold + 1) / folds)
        return sum(count - _held_out(count, start, stop) for count in self.per_class)


def dataset_size(source: dict[str, Any]) -> DatasetSize | None:
    """Of a `data.source` node of ours; None for another's, or where it cannot be seen from outside."""
    target = str(source.get("_target_"))
    try:
        return _of_ours(target, source)
    except (KeyError, OSError):  # a value left to its default, a folder that is none: found when it is loaded
        return None


def _of_ours(target: str, source: dict[str, Any]) -> DatasetSize | None:
    if target == "akshar.devanagari.dhcd.DHCD" and source.get("subset") in SUBSETS:
        return DatasetSize((PER_CLASS["Train"],) * len(SUBSETS[source["subset"]]))
    if target == "akshar.devanagari.glyphs.Glyphs" and source.get("subset") in SUBSETS:
        return DatasetSize((source["train_per_class"],) * len(SUBSETS[source["subset"]]))
    if target == "akshar.devanagari.broad.Broad" and source.get("subset") in SUBSETS:
        return DatasetSize((PER_CLASS["Train"] + source["drawn_per_class"],) * len(SUBSETS[source["subset"]]))
    if target == "akshar.data.folder.Folder":
        return _of_folder(Path(source["root"]).expanduser(), source["test_fraction"])
    return None


def _of_folder(root: Path, test_fraction: float) -> DatasetSize | None:
    if not root.is_dir():
        return None
    parts = {path.name.lower(): path for path in root.iterdir() if path.name.lower() in ("train", "test")}
    train = parts.get("train", None if "test" in parts else root)
    if train is None:
        return None
    counts = [len(image_files(train / name)) for name in class_folders(train)]
    if "test" not in parts:  # a share becomes the test set
        counts = [count - _held_out(count, 0.0, test_fraction) for count in counts]
    return DatasetSize(tuple(counts))


def _held_out(count: int, start: float, stop: float) -> int:
    """How many of a class's images lie in a stretch of its order, as `split_images` counts."""
    return sum(start <= (position + 0.5) / count < stop for position in range(count))


def class_folders(folder: Path) -> list[str]:
    """Names of a folder's classes, in label order."""
    return class_order([path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")])


def image_files(folder: Path) -> list[Path]:
    """All of a folder but hidden files and what Windows leaves there; what is no image is told by its reader."""
    return [path for path in folder.iterdir() if not path.name.startswith(".") and path.name not in LEFT_BY_WINDOWS]
