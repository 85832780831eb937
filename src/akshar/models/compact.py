"""A small residual network (He et al., CVPR 2016) for 32x32 characters on a CPU."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn


class Compact(nn.Module):
    """2x2 pixels become 4 channels at 16x16, then stages of residual blocks at 16x16, 8x8 and 4x4.

    Args:
        num_classes: number of logits.
        in_channels: of the images.
        widths: channels of each stage; each stage after the first halves the resolution.
        blocks: residual blocks of each stage.
        dropout: probability, before the last layer.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Literal[1, 3] = 1,
        widths: Sequence[Annotated[int, Field(ge=1)]] = (32, 64, 96),
        blocks: Sequence[Annotated[int, Field(ge=0)]] = (1, 1, 0),
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    ):
        super().__init__()
        if len(widths) != len(blocks):
            raise ValueError(f"widths={list(widths)} and blocks={list(blocks)} must be as many")
        self.in_channels = in_channels
        layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
        channels = in_channels * 4
        for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            layers.append(conv_norm_relu(channels, width, stride=1 if stage == 0 else 2))
            layers += [Residual(width) for _ in range(count)]
            channels = width
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Float (B, in_channels, 32, 32) -> logits (B, num_classes)."""
        return self.classifier(self.dropout(self.features(images)))


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


def conv_norm_relu(channels: int, width: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution that keeps the resolution, or divides it by `stride`."""
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
    )
