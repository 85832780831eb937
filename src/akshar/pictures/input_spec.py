"""`InputSpec`: how a picture becomes a network's input; data sets, checkpoints and exported files carry it."""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Polarity = Literal["light on dark", "dark on light"]
Framing = Literal["ink", "none"]

LARGEST = 4096  # pixels a side: a damaged file must not claim all memory


@dataclass(frozen=True)
class InputSpec:
    """Size, colours, framing and normalisation of a network's input images.

    Attributes:
        channels: 1 for grey, 3 for RGB.
        height, width: pixels, at most 4,096.
        polarity: whether the drawing is lighter or darker than its background.
        framing: "ink": cropped to the ink and stretched to the inside of the border; "none": taken as it is.
        border: background pixels that framing "ink" leaves on each side.
        mean, std: normalisation of pixels in [0, 1], (x - mean) / std, the same for every channel.

    Raises:
        ValueError: a value is out of range; the message names it.
    """

    channels: int
    height: int
    width: int
    polarity: Polarity
    framing: Framing
    border: int
    mean: float
    std: float

    def __post_init__(self) -> None:
        for name, allowed in (
            ("channels", (1, 3)),
            ("polarity", ("light on dark", "dark on light")),
            ("framing", ("ink", "none")),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"input_spec.{name}={getattr(self, name)!r}: must be one of {allowed}")
        within = 0 <= 2 * self.border < min(self.height, self.width) and max(self.height, self.width) <= LARGEST
        if not (within and 0 < self.std < math.inf and math.isfinite(self.mean)):
            raise ValueError(f"input_spec: height, width, border or std is out of range in {self}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        return self.channels, self.height, self.width

    @property
    def inner(self) -> tuple[int, int]:
        """Height and width inside the border, pixels."""
        return self.height - 2 * self.border, self.width - 2 * self.border

    def to_record(self) -> dict[str, object]:
        """Plain values, for checkpoints and JSON."""
        return asdict(self)

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
        kinds = {field.name: {int: int, float: (int, float)}.get(field.type, str) for field in fields(InputSpec)}
        wrong = [
            name for name in kinds.keys() | record.keys() if not isinstance(record.get(name), kinds.get(name, ()))
        ]
        if wrong:
            raise ValueError(f"input_spec.{min(wrong)}: missing, unknown, or of the wrong type")
        return InputSpec(**record)
