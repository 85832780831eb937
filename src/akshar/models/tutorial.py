"""The tutorial's network, layer for layer."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn


class Tutorial(nn.Module):
    """Three 5x5 convolutions without padding, then two linear layers; 25.7 million parameters for 32x32 images.

    Args:
        num_classes: number of logits.
        in_channels: channels of the images; 3 also takes grey ones, repeated as RGB, as the tutorial did.
        image_size: height and width of the images, pixels.
        dropout: probability, before each linear layer.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Literal[1, 3],
        image_size: Sequence[int],
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.25,
    ):
        super().__init__()
        self.in_channels = in_channels
        height, width = (size - 12 for size in image_size)  # each convolution takes 4 pixels
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 16, 5),  # (B, 16, H - 4, W - 4)
            nn.ReLU(),
            nn.Conv2d(16, 32, 5),  # (B, 32, H - 8, W - 8)
            nn.ReLU(),
            nn.Conv2d(32, 64, 5),  # (B, 64, H - 12, W - 12)
            nn.ReLU(),
            nn.Flatten(),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(64 * height * width, 1_000),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(1_000, num_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Float (B, in_channels, H, W) -> logits (B, num_classes)."""
        return self.classifier(self.features(images))
