"""Classification data sets of torchvision that are on disk; nothing is downloaded."""

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field

import akshar.pictures.decode
from akshar.data.cache import cache_root, cached_arrays, code_version, fingerprint
from akshar.data.pictures import Pictures
from akshar.data.survey import Listing, Survey, look_at, positions_in_groups, progress
from akshar.errors import DataError, UsageError

# Those with one class an image, except LSUN and others that unpickle files without a check. CIFAR is unpickled too,
# but torchvision compares its files with MD5 checksums first.
DATASETS = (
    "CIFAR10 CIFAR100 CLEVRClassification Caltech101 Caltech256 Country211 DTD EMNIST EuroSAT FER2013 FGVCAircraft "
    "FakeData FashionMNIST Flowers102 Food101 GTSRB INaturalist ImageNet Imagenette KMNIST LFWPeople MNIST "
    "Omniglot OxfordIIITPet PCAM Places365 QMNIST RenderedSST2 SEMEION STL10 SUN397 SVHN StanfordCars USPS"
).split()
SPLITS = {"train": ("train", "trainval", "train-standard"), "val": ("val", "valid"), "test": ("test",)}
NOT_ARGUMENTS = "root train download transform target_transform transforms loader is_valid_file".split()
FOLDERS = ("raw_folder", "_base_folder", "base_folder")  # attributes of torchvision's classes


def check_name(name: str) -> str:
    """Check the name of a data set.

    Raises:
        ValueError: it is not one of `DATASETS`.
    """
    if name not in DATASETS:
        near = get_close_matches(name, DATASETS, 1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(DATASETS)}"
        raise ValueError(f"not a classification data set of torchvision that can be used; {hint}")
    return name


@dataclass(frozen=True, kw_only=True)
class Torchvision(Pictures):
    """One of torchvision's data sets, with its own training, validation and test images where it has them.

    Attributes:
        dataset: name in `torchvision.datasets`.
        root: the folder that torchvision calls `root`.
        arguments: more of the data set's own, e.g. {split: letters} of EMNIST.
    """

    dataset: Annotated[str, AfterValidator(check_name)]
    root: Annotated[str, Field(min_length=1)]
    arguments: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        try:
            check_name(self.dataset)
        except ValueError as error:
            raise UsageError(f"data.dataset={self.dataset}: {error}") from error
        if kept := sorted({*(self.arguments or ())} & {*NOT_ARGUMENTS}):
            raise UsageError(f"data.arguments.{kept[0]}: is set by akshar; leave it out")

    def listing(self) -> Listing:
        """List the images; see `Pictures.listing`. The first time, this decodes each of them once."""
        root = Path(self.root).expanduser()
        files = sorted(path for path in root.rglob("*") if path.is_file()) if self.dataset != "FakeData" else []
        code = code_version((sys.modules[__name__], akshar.pictures.decode))
        key = fingerprint(files, self.dataset, sorted((self.arguments or {}).items()), version("torchvision"), code)
        images = _Images(self)
        folder = cache_root(self.cache_dir) / f"torchvision-{key}"
        found = cached_arrays(folder, images.survey, ("sizes", "colour", "labels", "parts", "classes"))
        labels, parts = np.array(found["labels"]), found["parts"]
        return Listing(
            images,
            labels,
            positions_in_groups(labels * len(SPLITS) + parts),
            tuple(found["classes"].tolist()),
            (),
            {name: np.flatnonzero(parts == part) for part, name in enumerate(SPLITS) if (parts == part).any()},
            key,
            Survey(np.array(found["sizes"]), bool(found["colour"][0])),
        )

    def opened(self) -> dict[str, Any]:
        """Open the data set's parts, "train", "val" and "test"; one without parts is "train".

        Raises:
            DataError: it is not there; the message names the folder expected.
            UsageError: it refuses the arguments.
        """
        from torchvision import datasets

        target = getattr(datasets, self.dataset)
        parameters = inspect.signature(target).parameters
        if "train" in parameters or issubclass(target, datasets.MNIST):
            return {"train": self._open(target, train=True), "test": self._open(target, train=False)}
        if "split" not in parameters or "split" in (self.arguments or ()):
            return {"train": self._open(target)}
        found: dict[str, Any] = {}
        for part, names in SPLITS.items():
            for name in names:
                with suppress(ValueError):  # a split that it does not have
                    found[part] = self._open(target, split=name)
                    break
        if "test" in found and found["test"][0][1] is None:  # its labels were never published
            del found["test"]
        if "test" not in found and "val" in found:
            found["test"] = found.pop("val")
        if "train" not in found:
            raise UsageError(f"data.dataset={self.dataset}: choose its part with data.arguments={{split: NAME}}")
        return found

    def _open(self, target: Any, **part: object) -> Any:
        root = Path(self.root).expanduser()
        taken = inspect.signature(target).parameters
        passed = {name: value for name, value in (("root", str(root)), ("download", False)) if name in taken}
        try:
            return target(**passed, **(self.arguments or {}), **part)
        except TypeError as error:
            raise UsageError(
                f"data.arguments: do not fit {self.dataset} ({error}); give them as data.arguments={{NAME: VALUE}}"
            ) from error
        except ImportError as error:
            raise DataError(f"data.dataset={self.dataset}: needs a package that is missing ({error})") from error
        except (RuntimeError, OSError) as error:
            raise DataError(
                f"data.root={self.root}: {self.dataset} is not there or not complete; torchvision expects it in "
                f"{_folder_of(target, root)}, and akshar downloads nothing"
            ) from error


class _Images(Sequence[Any]):
    """All images of a data set, opened when the first is asked for.

    Args:
        dataset: where they are.
    """

    def __init__(self, dataset: Torchvision):
        self.dataset = dataset

    @cached_property
    def parts(self) -> dict[str, Any]:
        return self.dataset.opened()

    def __len__(self) -> int:
        return sum(map(len, self.parts.values()))

    def __getitem__(self, position: Any) -> Any:
        for part in self.parts.values():
            if position < len(part):
                return self._pair(part, position)[0]
            position -= len(part)
        raise IndexError(position)

    def _pair(self, part: Any, position: int) -> tuple[Any, Any]:
        """One image with its target.

        Raises:
            DataError: its file cannot be read.
        """
        try:
            return part[position]
        except (OSError, RuntimeError, ValueError) as error:
            of = f"data.root={self.dataset.root}: image {position} of {self.dataset.dataset}"
            raise DataError(f"{of} cannot be read ({error})") from error

    def survey(self) -> dict[str, np.ndarray]:
        """Look at every image and its label."""
        sizes, colour, labels = [], False, []
        for image, label in progress(self._pairs(), "looking at the images"):
            height, width, colour = look_at(image, colour)
            sizes.append((height, width))
            labels.append(label)
        numbers = [[*SPLITS].index(name) for name in self.parts]
        names = self._class_names(max(labels) + 1)
        present = np.unique(labels)
        return {
            "sizes": np.array(sizes, np.int64),
            "colour": np.array([colour]),
            "labels": np.searchsorted(present, labels),
            "parts": np.repeat(numbers, [*map(len, self.parts.values())]),
            "classes": np.array([names[label] for label in present]),
        }

    def _pairs(self) -> Iterator[tuple[Any, int]]:
        for part in self.parts.values():
            for position in range(len(part)):
                image, label = self._pair(part, position)
                try:
                    yield image, int(label)
                except (TypeError, ValueError) as error:
                    raise UsageError(
                        f"data.dataset={self.dataset.dataset}: its targets are not single classes ({label!r})"
                    ) from error

    def _class_names(self, at_least: int) -> list[str]:
        """Names in label order: the data set's own, or else the numbers of the labels."""
        train = self.parts["train"]
        names = getattr(train, "classes", ())
        names = [", ".join(name) if isinstance(name, tuple) else str(name) for name in names]
        return names if len(names) >= at_least else [str(label) for label in range(at_least)]


def _folder_of(target: Any, root: Path) -> Path:
    """The folder in which torchvision expects a data set's files, as far as its class tells."""
    empty = target.__new__(target)
    empty.root = str(root)
    for name in FOLDERS:
        if isinstance(folder := getattr(empty, name, None), str | Path):
            return root / folder
    return root
