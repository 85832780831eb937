"""A network: three convolutions and a linear layer."""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn


class SmallNet(nn.Module):
    """Convolutions, each at half of the resolution of the one before, and a linear layer.

    Args:
        num_classes: number of logits; passed by akshar, as the data has it.
        in_channels: channels of the images; passed by akshar, too.
        width: channels of the first convolution; each further one has twice as many.
        depth: number of convolutions.
        dropout: probability, before the linear layer.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Literal[1, 3],
        width: Annotated[int, Field(ge=1)] = 16,
        depth: Annotated[int, Field(ge=1, le=4)] = 3,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    ):
        super().__init__()
        widths = [width * 2**level for level in range(depth)]
        self.features = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                    nn.BatchNorm2d(after),
                    nn.ReLU(),
                )
                for before, after in zip([in_channels, *widths], widths, strict=False)
            )
        )
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(widths[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits (B, num_classes) of normalised images (B, C, H, W)."""
        features = self.features(images).amax((2, 3))  # (B, width of the last convolution)
        return self.last(self.dropout(features))
