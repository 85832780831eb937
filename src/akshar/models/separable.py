"""A network with few parameters: depthwise-separable convolutions (Howard et al., 2017), each applied again."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from akshar.models.staged import Staged


class Separable(Staged):
    """2x2 pixels become channels; a 3x3 convolution, then stages of separable ones, each at half the resolution.

    Args:
        num_classes: number of logits.
        in_channels: channels of the images.
        widths: channels of each stage; each stage after the first halves the resolution.
        blocks: residual blocks in each stage.
        repeats: how often each residual block is applied, with the same kernels but separate norms.
        dropout: probability, before the last layer.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Literal[1, 3],
        widths: Sequence[Annotated[int, Field(ge=1)]] = (16, 24, 32),
        blocks: Sequence[Annotated[int, Field(ge=0)]] = (1, 1, 0),
        repeats: Annotated[int, Field(ge=1)] = 1,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    ):
        super().__init__(
            num_classes, in_channels, widths, blocks, dropout, halve, lambda width: Repeated(width, repeats)
        )


class Repeated(nn.Module):
    """A residual separable convolution applied several times; each time has its norm, since statistics differ."""

    def __init__(self, width: int, repeats: int):
        super().__init__()
        self.convolution = nn.Sequential(*separable(width, width))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(repeats))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) -> the same shape."""
        for norm in self.norms:
            x = self.relu(x + norm(self.convolution(x)))
        return x


def separable(channels: int, width: int, stride: int = 1) -> tuple[nn.Conv2d, nn.Conv2d]:
    """A 3x3 kernel for each channel, then a 1x1 convolution that mixes the channels."""
    return (
        nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False),
        nn.Conv2d(channels, width, 1, bias=False),
    )


def halve(channels: int, width: int) -> list[nn.Module]:
    """A separable convolution of stride 2."""
    return [*separable(channels, width, stride=2), nn.BatchNorm2d(width), nn.ReLU()]
