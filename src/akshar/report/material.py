"""What the report on a run is made from: the network, its predictions, the images and the training history."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from akshar.data.card import DatasetCard
from akshar.data.image_set import ImageSet
from akshar.plots.errors import answer_tile
from akshar.plots.tiles import Tile, to_picture
from akshar.report.feature_map import choose
from akshar.report.features import read_features
from akshar.runs.load_checkpoint import TrainedNetwork
from akshar.runs.predictions import Predictions
from akshar.runs.run_dir import RunDir


@dataclass
class Material:
    """Everything that the sections of a report show.

    Attributes:
        run_dir: folder of the run.
        predictions: on the test images.
        images: the test images.
        train: the training images, those held out for validation included; None if the data has none.
        network: the trained network.
        history: one row per epoch.
        precision: in which the run was tested.
    """

    run_dir: RunDir
    predictions: Predictions
    images: ImageSet
    train: ImageSet | None
    network: TrainedNetwork
    history: list[dict[str, Any]]
    precision: str

    @property
    def card(self) -> DatasetCard:
        """Card of the data set."""
        return self.predictions.card

    @cached_property
    def features(self) -> np.ndarray:
        """Features of the test images, float32 (N, D)."""
        return read_features(self.network, self.images.pixels, self.precision, "cpu")

    @cached_property
    def mapped(self) -> np.ndarray:
        """Positions of the test images that the feature map shows, int64."""
        return choose(self.predictions.labels)

    def figure(self, name: str) -> Path:
        """Path of a figure."""
        return self.run_dir.figures / f"{name}.png"

    def tile(self, index: int) -> Tile:
        """A test image, captioned with its prediction, its label and the confidence."""
        predictions = self.predictions
        predicted = int(predictions.predicted[index])
        truth = predictions.classes[predictions.labels[index]]
        confidence = float(predictions.probabilities[index, predicted])
        picture = to_picture(self.images.pixels[index].numpy())
        return answer_tile(picture, truth, predictions.classes[predicted], confidence, self.card)

    def label(self, position: int) -> str:
        """Text to display for a class, given by its position."""
        return self.card.label_with_latin(self.predictions.classes[position])
