"""What labelled pictures are like before they are prepared: their sizes, and whether they have colours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from akshar.errors import DataError
from akshar.pictures.input_spec import InputSpec

if TYPE_CHECKING:
    from akshar.pictures.decode import Picture

LISTED = 8  # unreadable pictures named in one message


@dataclass(frozen=True)
class Listing:
    """Labelled pictures that are not decoded yet.

    Attributes:
        pictures: N paths, or other values that `decode` takes, made when they are asked for.
        labels: int64 (N,).
        numbers: int64 (N,), see `ImageSet`.
        classes: names in label order.
        names: N names of the pictures; empty where they are not single files.
        parts: "train", "val" and "test", as far as the data has them -> positions, int64.
        key: text that changes with the pictures.
        survey: of the pictures, where it is known already.
    """

    pictures: Sequence["Picture"]
    labels: np.ndarray
    numbers: np.ndarray
    classes: tuple[str, ...]
    names: tuple[str, ...]
    parts: Mapping[str, np.ndarray]
    key: str
    survey: "Survey | None" = None


@dataclass(frozen=True)
class Survey:
    """What pictures are like before they are prepared.

    Attributes:
        sizes: int (N, 2), height and width.
        colour: whether any of them has colours.
    """

    sizes: np.ndarray
    colour: bool

    @property
    def different(self) -> list[tuple[int, int]]:
        """The different sizes, the smallest first."""
        sizes = np.unique(self.sizes, axis=0).tolist()
        return sorted(((height, width) for height, width in sizes), key=lambda size: (size[0] * size[1], size))

    def __str__(self) -> str:
        different = self.different
        first, last = (f"{height}x{width}" for height, width in (different[0], different[-1]))
        of = first if len(different) == 1 else f"{first} to {last}"
        return f"{len(self.sizes):,} of {of} in {'colour' if self.colour else 'grey'}"


def survey_pictures(pictures: Sequence["Picture"]) -> Survey:
    """Look at every picture's size, and for colours until the first one that has some.

    Raises:
        DataError: files that are no pictures, each named.
    """
    sizes, colour, broken = [], False, []
    for picture in progress(pictures, "looking at the images"):
        try:
            height, width, colour = look_at(picture, colour)
            sizes.append((height, width))
        except DataError as error:
            broken.append(str(error))
    if broken:
        raise unreadable(broken)
    return Survey(np.array(sizes, np.int64), colour)


def look_at(picture: "Picture", colour: bool) -> tuple[int, int, bool]:
    """Height and width of a picture, and whether it or an earlier one has colours.

    Args:
        picture: see `decode`.
        colour: whether an earlier one has; then this one is not decoded.

    Raises:
        DataError: no picture; the message names the file.
    """
    from akshar.pictures.decode import decode, picture_shape

    height, width, may_have_colour = picture_shape(picture)
    return height, width, colour or (may_have_colour and has_colour(decode(picture, colour=True)))


def positions_in_groups(groups: np.ndarray) -> np.ndarray:
    """Number the members of each group from 0, in the order in which they stand.

    >>> positions_in_groups(np.array([5, 7, 5, 5, 7])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    positions = np.empty_like(order)
    positions[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return positions


def has_colour(values: np.ndarray) -> bool:
    """Whether an RGB picture (H, W, 3) has a pixel that is not grey."""
    return bool((values != values[..., :1]).any())


def changes_to(survey: Survey, spec: InputSpec) -> str:
    """What happens to the pictures, in one line; empty where nothing does."""
    size = f"{spec.height}x{spec.width}"
    inner = "{}x{}".format(*spec.inner)
    done = []
    if spec.framing == "ink":
        done = [f"cropped to the ink and stretched to {inner}" + (f" inside {size}" if spec.border else "")]
    elif (survey.sizes != (spec.height, spec.width)).any():
        done = [f"resized to {size}" + (", cropped to the middle" if spec.framing == "crop" else "")]
    if survey.colour and (spec.channels == 1 or spec.framing == "ink"):
        done.append("made grey")
    elif not survey.colour and spec.channels == 3:
        done.append("repeated in three channels")
    return f"images: {survey} are {' and '.join(done)}" if done else ""


def progress(values: Iterable[Any], what: str) -> tqdm:
    """Iterate with a progress bar."""
    return tqdm(values, desc=what, unit=" images", disable=None, leave=False)


def unreadable(broken: Sequence[str]) -> DataError:
    """One error for several pictures, each with its own line."""
    more = [f"... and {len(broken) - LISTED} more"] if len(broken) > LISTED else []
    return DataError("\n".join([*broken[:LISTED], *more]))
