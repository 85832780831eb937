"""The common frame of our networks: stages of falling resolution, global average pooling, one linear layer."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn


class Staged(nn.Module):
    """2x2 pixels become channels at half the resolution, a 3x3 convolution follows, then the stages.

    Args:
        num_classes: number of logits.
        in_channels: channels of the images.
        widths: channels of each stage; each stage after the first halves the resolution.
        blocks: number of blocks in each stage.
        dropout: probability, before the last layer.
        halve: makes the layers that lead into a stage after the first, from channels and width.
        block: makes a block that keeps the shape, from the stage's width.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        widths: Sequence[int],
        blocks: Sequence[int],
        dropout: float,
        halve: Callable[[int, int], Sequence[nn.Module]],
        block: Callable[[int], nn.Module],
    ):
        super().__init__()
        if len(widths) != len(blocks):
            raise ValueError(f"widths={list(widths)} and blocks={list(blocks)} must have the same length")
        self.in_channels = in_channels
        channels = in_channels * 4
        layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
        for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            layers += halve(channels, width) if stage else [conv_norm_relu(channels, width)]
            layers += [block(width) for _ in range(count)]
            channels = width
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Float (B, in_channels, H, W) -> logits (B, num_classes)."""
        return self.classifier(self.dropout(self.features(images)))


def conv_norm_relu(channels: int, width: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution that keeps the resolution, or divides it by `stride`."""
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
    )
