"""`Pictures`: labelled pictures of any size and mode, brought to one size and kept in the cache."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import Field

from akshar.data.cache import Stream, cache_root, cached_arrays, code_version
from akshar.data.card import DatasetCard
from akshar.data.survey import Listing, Survey, changes_to, progress, survey_pictures, unreadable
from akshar.errors import DataError, UsageError
from akshar.pictures.input_spec import LARGEST, Framing, InputSpec, Polarity

if TYPE_CHECKING:
    from akshar.data.image_set import TrainTest
    from akshar.pictures.decode import Picture

CARD = DatasetCard("folder", "images from whoever trained the model")

Side = Annotated[int, Field(ge=1, le=LARGEST)]
Size = Side | Annotated[Sequence[Side], Field(min_length=2, max_length=2)]
Deviation = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """How pictures become images of one size; the base of data sets that consist of pictures.

    Attributes:
        card: name, licence and labels of the images.
        framing: "none": the whole picture, resized; "crop": its middle, with the shorter side resized; "ink":
            cropped to the ink, in grey.
        size: pixels a side, or height and width; None: the pictures' own, which must be the same for all.
        channels: 3 or 1; None: 3 if any picture has colours, else 1.
        border: background pixels around what framing "ink" crops to.
        polarity: of what framing "ink" crops to.
        mean, std: normalisation of pixels in [0, 1]: a number, or one for each channel.
        test_fraction: share of every class that becomes the test set where the data has none.
        test_seed: selects the test images; independent of the seed of the validation split.
        cache_dir: folder of decoded images, see `cache_root`.
    """

    card: DatasetCard = CARD
    framing: Framing = "none"
    size: Size | None = None
    channels: Literal[1, 3] | None = None
    border: Annotated[int, Field(ge=0)] = 0
    polarity: Polarity = "light on dark"
    mean: float | Sequence[float] = 0.5
    std: Deviation | Sequence[Deviation] = 0.5
    test_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    test_seed: Annotated[int, Field(ge=0)] = 1
    cache_dir: str | None = None

    def listing(self) -> Listing:
        """List the pictures.

        Raises:
            DataError: something is missing; the message names file or key.
        """
        raise NotImplementedError

    def prepared_as(self, spec: InputSpec) -> Self:
        """Prepare the pictures as a trained network's spec says.

        Raises:
            UsageError: the config asks for another size, number of channels or framing.
        """
        wanted = {"size": (spec.height, spec.width), "channels": spec.channels}
        for key, value in wanted.items():
            own = self._sides if key == "size" else self.channels
            if own not in (None, value):
                raise UsageError(
                    f"data.{key}={getattr(self, key)}: the network reads {_words(value)}; leave it out"
                )
        if self.framing not in ("none", spec.framing):
            raise UsageError(f"data.framing={self.framing}: the network's is {spec.framing}; leave it out")
        kept = {name: getattr(spec, name) for name in ("framing", "border", "polarity", "mean", "std")}
        return replace(self, **wanted, **kept)

    def load(self) -> "TrainTest":
        """Read the images from the cache; decode the pictures first where they are not in it.

        Raises:
            DataError: something is missing or no picture; the message names file or key.
            UsageError: the config does not fit the pictures.
        """
        from akshar.data.image_set import ImageSet, TrainTest, as_tensor  # import torch

        listing = self.listing()
        survey = listing.survey or self._survey(listing)
        spec = self._input_spec(survey)
        parts = self._parts(listing)
        order = np.concatenate([*parts.values()])
        pixels = as_tensor(self._cached_pixels(listing, spec, order))
        labels, numbers = (as_tensor(values[order]) for values in (listing.labels, listing.numbers))
        names = tuple(listing.names[position] for position in order.tolist()) if listing.names else ()

        def images(start: int, stop: int) -> ImageSet | None:
            if start == stop:
                return None
            chosen = slice(start, stop)  # a view: the pixels stay in their file
            return ImageSet(pixels[chosen], labels[chosen], numbers[chosen], listing.classes, names[chosen])

        n_train, n_val = len(parts["train"]), len(parts["val"])
        return TrainTest(
            self.card,
            spec,
            images(0, n_train + n_val),
            images(n_train + n_val, len(order)),
            as_tensor(np.arange(n_train, n_train + n_val)) if n_val else None,
            changes_to(survey, spec),
        )

    @property
    def _sides(self) -> tuple[int, int] | None:
        if self.size is None or isinstance(self.size, int):
            return None if self.size is None else (self.size, self.size)
        height, width = self.size
        return height, width

    def _parts(self, listing: Listing) -> dict[str, np.ndarray]:
        """Positions of "train", "val" and "test"; test images are taken from the training images if need be."""
        import torch

        from akshar.data.splits import hold_out

        none = np.empty(0, np.int64)
        parts = {name: listing.parts.get(name, none) for name in ("train", "val", "test")}
        if "test" in listing.parts:
            return parts
        train = parts["train"]
        labels, numbers = (torch.from_numpy(values[train]) for values in (listing.labels, listing.numbers))
        share = (0.0, self.test_fraction)
        held_out = hold_out(
            labels, numbers, listing.classes, *share, "random", self.test_seed, "data.test_fraction"
        ).numpy()
        return parts | {"train": train[~held_out], "test": train[held_out]}

    def _input_spec(self, survey: Survey) -> InputSpec:
        sides = self._sides
        if sides is None:
            if len(survey.different) > 1:
                raise UsageError(
                    f"data.size: the images differ in size ({survey}); set one for all, as in data.size=64 or "
                    "data.size=[48,64] (height, width)"
                )
            sides = survey.different[0]
        if self.border and self.framing != "ink":
            raise UsageError(f"data.border={self.border}: has an effect with data.framing=ink only; leave it out")
        mean, std = (value if isinstance(value, int | float) else tuple(value) for value in (self.mean, self.std))
        channels = self.channels or (3 if survey.colour else 1)
        try:
            return InputSpec(channels, *sides, self.polarity, self.framing, self.border, mean, std)
        except ValueError as error:
            raise UsageError(str(error).replace("input_spec", "data", 1)) from error

    def _survey(self, listing: Listing) -> Survey:
        from akshar.pictures import decode

        folder = cache_root(self.cache_dir) / f"survey-{_key(listing.key, code_version((decode,)))}"

        def build() -> dict[str, np.ndarray]:
            survey = survey_pictures(listing.pictures)
            return {"sizes": survey.sizes, "colour": np.array([survey.colour])}

        arrays = cached_arrays(folder, build, ("sizes", "colour"))
        return Survey(arrays["sizes"], bool(arrays["colour"][0]))

    def _cached_pixels(self, listing: Listing, spec: InputSpec, order: np.ndarray) -> np.ndarray:
        from akshar.pictures import decode, framing, ink, ruling

        geometry = replace(spec, mean=0.0, std=1.0)  # pixels are cached before they are normalised
        version = code_version((decode, ink, ruling, framing))
        key = _key(listing.key, version, repr(geometry), hashlib.sha256(order.tobytes()).hexdigest())
        stream = Stream((len(order), *spec.shape), np.uint8, _prepared(listing.pictures, order, spec))
        folder = cache_root(self.cache_dir) / f"pictures-{key}"
        return cached_arrays(folder, lambda: {"pixels": stream}, ["pixels"])["pixels"]


def read_picture(picture: "Picture", spec: InputSpec) -> np.ndarray:
    """Read one picture as an image of the given spec.

    Returns:
        uint8 [0, 255] (H, W) for one channel, else (C, H, W).

    Raises:
        DataError: not an image, too large, or blank; the message names the file.
    """
    from akshar.pictures.decode import decode_for, picture_name
    from akshar.pictures.framing import frame_picture

    framed = frame_picture(decode_for(picture, spec), spec)
    if framed.box is None:
        raise DataError(f"{picture_name(picture)}: the picture is blank")
    return framed.pixels


def _prepared(pictures: Sequence["Picture"], order: np.ndarray, spec: InputSpec) -> Iterator[np.ndarray]:
    """Yield each picture's pixels, in the given order; name all that cannot be read at the end."""
    broken = []
    for position in progress(order.tolist(), "reading the images"):
        try:
            yield read_picture(pictures[position], spec)
        except DataError as error:
            broken.append(str(error))
    if broken:
        raise unreadable(broken)


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()[:16]


def _words(value: int | tuple[int, int]) -> str:
    return f"{value[0]}x{value[1]}" if isinstance(value, tuple) else f"{value} channel{'s' * (value > 1)}"
