"""`InputSpec`: how a picture becomes a network's input; data sets, checkpoints and exported files carry it."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

Polarity = Literal["light on dark", "dark on light"]
Framing = Literal["none", "crop", "ink"]

PER_CHANNEL = ("mean", "std")
LARGEST = 4096  # pixels a side: a damaged file must not claim all memory


@dataclass(frozen=True)
class InputSpec:
    """Size, colours, framing and normalisation of a network's input images.

    Attributes:
        channels: 1 for grey, 3 for RGB.
        height, width: pixels, at most 4,096.
        polarity: whether the drawing is lighter or darker than its background.
        framing: "none": the whole picture, resized; "crop": its middle, after the shorter side was resized; "ink":
            cropped to the ink and stretched to the inside of the border.
        border: background pixels that framing "ink" leaves on each side.
        mean, std: normalisation of pixels in [0, 1], (x - mean) / std: one number, or one for each channel.

    Raises:
        ValueError: a value is out of range; the message names it.
    """

    channels: int
    height: int
    width: int
    polarity: Polarity
    framing: Framing
    border: int
    mean: float | tuple[float, ...]
    std: float | tuple[float, ...]

    def __post_init__(self) -> None:
        for name, allowed in (
            ("channels", (1, 3)),
            ("polarity", ("light on dark", "dark on light")),
            ("framing", ("none", "crop", "ink")),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"input_spec.{name}={getattr(self, name)!r}: must be one of {allowed}")
        within = 0 <= 2 * self.border < min(self.height, self.width) and max(self.height, self.width) <= LARGEST
        finite = all(map(math.isfinite, self.means)) and all(0 < std < math.inf for std in self.stds)
        if not (within and finite):
            raise ValueError(f"input_spec: height, width, border or std is out of range in {self}")
        for name in ("means", "stds"):
            if len(getattr(self, name)) != self.channels:
                raise ValueError(f"input_spec.{name[:-1]}: must be one number, or {self.channels}, one a channel")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        return self.channels, self.height, self.width

    @property
    def pixels_shape(self) -> tuple[int, ...]:
        """Shape of an image as pictures are framed and exported files read it: without the axis of one channel."""
        return self.shape if self.channels > 1 else self.shape[1:]

    @property
    def keeps_colours(self) -> bool:
        """Whether pictures are decoded in colour; framing "ink" makes every picture grey."""
        return self.channels == 3 and self.framing != "ink"

    @property
    def inner(self) -> tuple[int, int]:
        """Height and width inside the border, pixels."""
        return self.height - 2 * self.border, self.width - 2 * self.border

    @property
    def means(self) -> tuple[float, ...]:
        """Mean of each channel."""
        return self.mean if isinstance(self.mean, tuple) else (self.mean,) * self.channels

    @property
    def stds(self) -> tuple[float, ...]:
        """Standard deviation of each channel."""
        return self.std if isinstance(self.std, tuple) else (self.std,) * self.channels

    def to_record(self) -> dict[str, Any]:
        """Plain values, for checkpoints and JSON."""
        record = asdict(self)
        return record | {name: [*record[name]] for name in PER_CHANNEL if isinstance(record[name], tuple)}

    @staticmethod
    def from_record(record: Any) -> "InputSpec":
        """Rebuild a spec from plain values, also from those that akshar 0.1 wrote.

        Raises:
            ValueError: the values are not a spec.
        """
        if not isinstance(record, dict):
            raise ValueError(f"input_spec: must be a mapping, not {type(record).__name__}")
        if record.keys() == {"side", "border", "ink", "mean", "std"}:
            side, kept = record["side"], {key: record[key] for key in ("border", "mean", "std")}
            record = {
                "channels": 1,
                "height": side,
                "width": side,
                "polarity": "light on dark",
                "framing": "ink",
            } | kept
        record = {key: tuple(value) if isinstance(value, list) else value for key, value in record.items()}
        wrong = [
            name for name in KINDS.keys() | record.keys() if not _has_kind(record.get(name), KINDS.get(name, ()))
        ]
        if wrong:
            raise ValueError(f"input_spec.{min(map(str, wrong))}: missing, unknown, or of the wrong type")
        return InputSpec(**record)


KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("channels", "height", "width", "border"), (int,)),
    **dict.fromkeys(("polarity", "framing"), (str,)),
    **dict.fromkeys(PER_CHANNEL, (int, float, tuple)),
}


def _has_kind(value: object, kinds: tuple[type, ...]) -> bool:
    """Whether a plain value has one of some types, and so has what a tuple holds."""
    if isinstance(value, tuple):
        return tuple in kinds and all(isinstance(one, int | float) for one in value)
    return isinstance(value, kinds)
