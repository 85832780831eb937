"""The tutorial's network, layer for layer."""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn


class Tutorial(nn.Module):
    """Three 5x5 convolutions without padding, then two linear layers; 25.7 million parameters.

    Args:
        num_classes: number of logits.
        in_channels: 3 for grey repeated as RGB, as the tutorial had it; 1 for grey.
        dropout: probability, before each linear layer.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Literal[1, 3] = 1,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.25,
    ):
        super().__init__()
        self.in_channels = in_channels
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 16, 5),  # (B, 16, 28, 28)
            nn.ReLU(),
            nn.Conv2d(16, 32, 5),  # (B, 32, 24, 24)
            nn.ReLU(),
            nn.Conv2d(32, 64, 5),  # (B, 64, 20, 20)
            nn.ReLU(),
            nn.Flatten(),  # (B, 25600)
        )
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(25_600, 1_000),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(1_000, num_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Float (B, in_channels, 32, 32) -> logits (B, num_classes)."""
        return self.classifier(self.features(images))
