"""The Devanagari Handwritten Character Dataset: found or downloaded, verified, decoded once and cached.

Acharya, Pant, Gyawali, "Deep learning based large scale handwritten Devanagari character recognition",
SKIMA 2015; UCI data set 389.
"""

import hashlib
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from akshar.data.cache import Arrays, cache_root, cached_arrays, fingerprint
from akshar.data.card import DatasetCard
from akshar.devanagari.cards import DHCD_CARD, INPUT_SPEC
from akshar.devanagari.dhcd_archive import Layout, archive_files, read_archive
from akshar.devanagari.letters import PER_CLASS, SUBSETS
from akshar.errors import DataError
from akshar.pictures.input_spec import InputSpec

if TYPE_CHECKING:
    from akshar.data.image_set import ImageSet, TrainTest

log = logging.getLogger(__name__)

URL = "https://archive.ics.uci.edu/static/public/389/devanagari+handwritten+character+dataset.zip"
DHCD_LAYOUT = Layout(
    classes=tuple(character.folder for character in SUBSETS["all"]),
    per_class=PER_CLASS,
    digests={
        "Train": "a0c8d29ff7ad44d5f88ebf0f1efdecbc5c742b9c31d2c872f57a68ad4ce389cf",
        "Test": "f979bff909f82c6644f06edbdb50c1c6ecfd557ea2f7cbe3c21441f083ccd4f7",
    },
)


@dataclass(frozen=True)
class DHCD:
    """The official training and test sets.

    Attributes:
        archive: a zip or an unpacked folder; None: the environment variable AKSHAR_DHCD, the cache, or a download.
        subset: "all" 46 classes, the 10 "digits" or the 36 "letters".
        cache_dir: folder of decoded images, see `cache_root`.
        url: address of the download.
        layout: expected contents.
    """

    archive: str | None = None
    subset: Literal["all", "digits", "letters"] = "all"
    cache_dir: str | None = None
    url: str = URL
    layout: Layout = DHCD_LAYOUT

    input_spec: ClassVar[InputSpec] = INPUT_SPEC

    @property
    def card(self) -> DatasetCard:
        """The card; published results are of all 46 classes."""
        return DHCD_CARD if self.subset == "all" else replace(DHCD_CARD, published=())

    def class_sizes(self) -> list[int]:
        """Return the number of training images of each class."""
        return [self.layout.per_class["Train"]] * len(SUBSETS[self.subset])

    def load(self) -> "TrainTest":
        """Read the cache; build it first where it is missing, damaged, or not verified for this archive.

        Raises:
            DataError: the archive is missing, the download failed, or the contents are not DHCD's.
        """
        from akshar.data.image_set import TrainTest  # imports torch

        arrays = self._arrays()
        train, test = (self._images(arrays, part) for part in ("Train", "Test"))
        return TrainTest(self.card, self.input_spec, train, test)

    def _arrays(self) -> Arrays:
        folder = cache_root(self.cache_dir) / "dhcd"
        archive = self.archive or os.environ.get("AKSHAR_DHCD")
        if not archive:
            return cached_arrays(folder, lambda: self._download(folder.parent), (), self._is_whole)
        path = Path(archive).expanduser()
        # A marker file for each archive that was verified to hold what the cache holds
        verified = folder.parent / f"dhcd-verified-{fingerprint(archive_files(path))}"

        def build() -> Arrays:
            arrays = self._read(path)
            verified.touch()
            return arrays

        return cached_arrays(folder, build, (), lambda arrays: verified.exists() and self._is_whole(arrays))

    def _download(self, folder: Path) -> Arrays:
        from akshar.data.download import download  # imports requests

        way_out = (
            "download the zip by other means and pass it as data.archive=FILE or AKSHAR_DHCD, or try data=glyphs, "
            "which needs no download"
        )
        return download(self.url, folder, self._read, way_out)

    def _read(self, archive: Path) -> Arrays:
        log.info("reading DHCD from %s", archive)
        arrays = read_archive(archive, self.layout)
        if differences := self._differences(arrays):
            raise DataError(f"{archive}: {'; '.join(differences)}")
        return arrays

    def _is_whole(self, arrays: Arrays) -> bool:
        return not self._differences(arrays)

    def _differences(self, arrays: Arrays) -> list[str]:
        """List what differs from DHCD; empty if the pixels are equal byte for byte."""
        differences = []
        for part, expected in self.layout.digests.items():
            pixels = arrays.get(f"{part}-pixels")
            digest = "missing" if pixels is None else hashlib.sha256(pixels.data).hexdigest()
            if digest != expected:
                differences.append(
                    f"the pixels of {part} are not DHCD's (sha256 {digest[:12]}..., expected {expected[:12]}...)"
                )
        return differences

    def _images(self, arrays: Arrays, part: str) -> "ImageSet":
        import torch

        from akshar.data.image_set import ImageSet, as_tensor

        count = self.layout.per_class[part]
        subset = [character.folder for character in SUBSETS[self.subset]]
        classes = tuple(name for name in self.layout.classes if name in subset)
        start = self.layout.classes.index(classes[0]) * count
        stop = start + len(classes) * count  # the classes of a subset are contiguous
        return ImageSet(
            as_tensor(arrays[f"{part}-pixels"][start:stop])[:, None],
            torch.arange(len(classes)).repeat_interleave(count),
            as_tensor(arrays[f"{part}-numbers"][start:stop]),
            classes,
        )
