"""Protocols of a data set: it has a card and an input spec, and loads its images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from akshar.data.card import DatasetCard
from akshar.pictures.input_spec import InputSpec

if TYPE_CHECKING:
    from akshar.data.image_set import TrainTest


class ImageDataset(Protocol):
    """A data set of classified images, the target of `data` in a config.

    Its module should import torch only inside `load`, so that a config can be checked quickly.
    """

    @property
    def card(self) -> DatasetCard:
        """Name, source, licence, citation and labels."""
        ...

    def load(self) -> "TrainTest":
        """Load the images.

        Raises:
            DataError: the images are missing or not what they should be; the message names file or key.
        """
        ...


@runtime_checkable
class PictureDataset(Protocol):
    """A data set that consists of pictures, and can prepare them for a trained network."""

    def prepared_as(self, spec: InputSpec) -> ImageDataset:
        """Return the data set with its pictures prepared as a network's spec says.

        Raises:
            UsageError: its config asks for something else.
        """
        ...


@runtime_checkable
class SizedDataset(Protocol):
    """A data set whose size is known before it is loaded, for an early check of `data.batch_size`."""

    def class_sizes(self) -> Sequence[int] | None:
        """Return the number of images of each class to train and validate on; None where it is unknown."""
        ...
