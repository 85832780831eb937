"""A small residual network (He et al., CVPR 2016) for small images on a CPU."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from akshar.models.staged import Staged, conv_norm_relu


class Compact(Staged):
    """2x2 pixels become channels, then stages of residual blocks at half, a quarter ... of the resolution.

    Args:
        num_classes: number of logits.
        in_channels: channels of the images.
        widths: channels of each stage; each stage after the first halves the resolution.
        blocks: residual blocks in each stage.
        dropout: probability, before the last layer.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Literal[1, 3],
        widths: Sequence[Annotated[int, Field(ge=1)]] = (32, 64, 96),
        blocks: Sequence[Annotated[int, Field(ge=0)]] = (1, 1, 0),
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    ):
        super().__init__(num_classes, in_channels, widths, blocks, dropout, halve, Residual)


class Residual(nn.Module):
    """Two 3x3 convolutions beside an identity."""

    def __init__(self, width: int):
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm_relu(width, width),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) -> the same shape."""
        return self.relu(x + self.branch(x))


def halve(channels: int, width: int) -> list[nn.Module]:
    """A 3x3 convolution of stride 2."""
    return [conv_norm_relu(channels, width, stride=2)]
