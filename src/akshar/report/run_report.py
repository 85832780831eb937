"""The report on a run: its figures, drawn one after the other, and what each shows in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from akshar.data.card import DatasetCard
from akshar.data.image_set import ImageSet
from akshar.devanagari.letters import DEVANAGARI
from akshar.metrics.calibration import softmax
from akshar.metrics.confusion import confusion_counts
from akshar.metrics.summary import evaluate_predictions
from akshar.plots.confusion import confused_pairs, draw_confusion
from akshar.plots.coverage import draw_coverage
from akshar.plots.curves import draw_curves, draw_schedule
from akshar.plots.errors import answer_tile, draw_filters, draw_neighbours, draw_tiles, overlay
from akshar.plots.feature_map import draw_feature_map
from akshar.plots.per_class import draw_per_class
from akshar.plots.reliability import draw_reliability
from akshar.plots.tiles import Tile
from akshar.report.feature_map import choose, lay_out
from akshar.report.features import nearest, occlusion, read_features
from akshar.report.page import Section
from akshar.runs.load_checkpoint import TrainedNetwork
from akshar.runs.predictions import Predictions
from akshar.runs.run_dir import RunDir

ABOUT_NEIGHBOURS = (
    "Nearest is meant in the network's last layer. Where the neighbours agree with the answer and not with the "
    "label, the label may be wrong; where they disagree among themselves, the image cannot be decided."
)
WORST, PAIRS, EXAMPLES, NEIGHBOURS, WATCHED = 24, 8, 4, 7, 8  # images shown of each kind


@dataclass
class Material:
    """What a report is made from.

    Attributes:
        folder: of the run.
        outcome: answers on the test images.
        images: those images.
        train: the training images, validation among them.
        trained: the network.
        rows: of the history, one an epoch.
        precision: in which it was tested.
        features: of the test images, float32 (N, D), filled in on the way.
        mapped: positions of the test images on the map.
    """

    folder: RunDir
    outcome: Predictions
    images: ImageSet
    train: ImageSet | None
    trained: TrainedNetwork
    rows: list[dict[str, Any]]
    precision: str
    features: np.ndarray | None = None
    mapped: np.ndarray | None = None

    @property
    def card(self) -> DatasetCard:
        """The data set's card."""
        return DEVANAGARI  # card: from the data

    def figure(self, name: str) -> Path:
        """Where a figure goes."""
        return self.folder.figures / f"{name}.png"

    def tile(self, index: int) -> Tile:
        """A test image with its answer."""
        outcome = self.outcome
        answer = int(outcome.predicted[index])
        truth = outcome.classes[outcome.labels[index]]
        sure = float(outcome.probabilities[index, answer])
        return answer_tile(self.images.pixels[index, 0].numpy(), truth, outcome.classes[answer], sure, self.card)


def sections_of(material: Material) -> Iterator[Section]:
    """Draws the report's parts, one after the other."""
    parts: list[Callable[[Material], Section]] = [
        how_good,
        training,
        confusions,
        errors,
        classes,
        confidence,
        looks,
        feature_map,
    ]
    for part in parts:
        yield part(material)


def how_good(material: Material) -> Section:
    """A table of the metrics on the test images."""
    outcome = material.outcome
    metrics = evaluate_predictions(outcome.logits, outcome.labels, outcome.classes, outcome.temperature)
    macro = metrics.macro_accuracy, metrics.macro_precision, metrics.macro_f1
    low, high = (100 * bound for bound in metrics.interval_95)
    result = outcome.result
    return Section(
        "How good it is",
        table=[
            ("on the test images", ""),
            ("accuracy", f"{100 * metrics.accuracy:.2f} % ({metrics.correct:,} of {metrics.total:,})"),
            ("95 % interval (Wilson)", f"{low:.2f} to {high:.2f} %"),
            ("right among the three likeliest", f"{100 * metrics.top_3:.2f} %"),
            ("mean recall, precision, F1 of classes", " / ".join(f"{100 * rate:.2f}" for rate in macro) + " %"),
            ("log loss", f"{metrics.loss:.4f} nats"),
            ("log loss after temperature scaling", f"{metrics.calibrated_loss:.4f} nats"),
            ("Brier score after it", f"{metrics.brier:.4f}"),
            ("calibration error after it", f"{100 * metrics.calibration_error:.2f} %"),
            ("parameters", f"{result['model']['parameters']:,}"),
            ("training", f"{result['fit']['seconds']:.0f} s on {result['fit']['device']}"),
        ],
    )


def training(material: Material) -> Section:
    """Curves by epoch."""
    best = material.outcome.result["best"]["epoch"]
    draw_curves(material.rows, best, material.figure("curves"), material.outcome.name)
    draw_schedule(material.rows, best, material.figure("schedule"))
    return Section(
        "Training",
        [f"Epoch {best} was kept: the best by validation."],
        [(material.figure("curves"), "loss and accuracy"), (material.figure("schedule"), "learning rate and time")],
    )


def confusions(material: Material) -> Section:
    """The matrix, and the pairs in images of both sides."""
    outcome = material.outcome
    counts = confusion_counts(outcome.labels, outcome.predicted, len(outcome.classes))
    draw_confusion(counts, outcome.classes, material.card, material.figure("confusion"))
    figures = [(material.figure("confusion"), "confusion matrix")]
    pairs = confused_pairs(counts, PAIRS)
    parts = []
    for truth, answer, number in pairs:
        labels = [material.card.label(outcome.classes[label]) for label in (truth, answer)]
        wrong = np.flatnonzero((outcome.labels == truth) & (outcome.predicted == answer))[:EXAMPLES]
        fine = np.flatnonzero((outcome.labels == answer) & outcome.right)[:EXAMPLES]
        heading = f"{labels[0]} read as {labels[1]}: {number} of {counts[truth].sum()}; then {labels[1]} itself"
        parts.append((heading, [material.tile(int(index)) for index in (*wrong, *fine)]))
    if parts:
        draw_tiles(parts, material.card).save(material.figure("confused_pairs"))
        figures.append((material.figure("confused_pairs"), "the most confused pairs"))
    text = [f"{int((~outcome.right).sum())} of {len(outcome):,} test images are read wrongly."]
    return Section("What it confuses", text, figures)


def errors(material: Material) -> Section:
    """The surest errors with their neighbours in training, and the least sure right answers."""
    outcome = material.outcome
    sure = outcome.probabilities.max(1)
    wrong = np.flatnonzero(~outcome.right)
    worst = wrong[np.argsort(-sure[wrong], kind="stable")][:WORST]
    right = np.flatnonzero(outcome.right)
    unsure = right[np.argsort(sure[right], kind="stable")][:WORST]
    sheet = draw_tiles(
        [
            (f"The surest of {len(wrong)} errors: answer (truth), confidence", [material.tile(i) for i in worst]),
            ("The least sure right answers", [material.tile(i) for i in unsure]),
        ],
        material.card,
    )
    sheet.save(material.figure("errors"))
    figures = [(material.figure("errors"), "errors and unsure answers")]
    material.features = read_features(material.trained, material.images.pixels, material.precision, "cpu")
    if material.train is not None and len(worst):
        train = material.train
        among = read_features(material.trained, train.pixels, material.precision, "cpu")
        found = nearest(material.features[worst], among, min(NEIGHBOURS, len(train)))
        rows = [
            (
                material.tile(int(index)),
                [(train.pixels[at, 0].numpy(), train.classes[int(train.labels[at])]) for at in row.tolist()],
            )
            for index, row in zip(worst[: WORST // 2], found, strict=False)
        ]
        draw_neighbours(rows, material.card).save(material.figure("neighbours"))
        figures.append((material.figure("neighbours"), "errors beside the nearest training images"))
    return Section(
        "Errors, one by one",
        [ABOUT_NEIGHBOURS],
        figures,
    )


def classes(material: Material) -> Section:
    """Accuracy of each class."""
    outcome = material.outcome
    total = np.bincount(outcome.labels, minlength=len(outcome.classes))
    correct = np.bincount(outcome.labels[outcome.right], minlength=len(outcome.classes))
    there = np.flatnonzero(total)
    names = [outcome.classes[label] for label in there]
    draw_per_class(correct[there], total[there], names, material.card, material.figure("per_class"))
    text = [
        "Classes whose interval lies below the accuracy over all are marked, without a correction for their number."
    ]
    return Section("Class by class", text, [(material.figure("per_class"), "accuracy of each class")])


def confidence(material: Material) -> Section:
    """How far confidence can be believed, and what refusing unsure answers gives."""
    outcome = material.outcome
    raw = softmax(outcome.logits)
    draw_reliability(
        (raw.max(1), outcome.right), (outcome.probabilities.max(1), outcome.right), material.figure("reliability")
    )
    draw_coverage(outcome.probabilities.max(1), outcome.right, material.figure("coverage"))
    return Section(
        "Can its confidence be believed?",
        [
            f"Logits are divided by {outcome.temperature:.3f}, which was fitted on validation before the test. "
            "Scales are logarithmic towards 100 %, since nearly all answers are sure.",
            "Where one would refuse is read off these same images; other images will need a little more refusing.",
        ],
        [
            (material.figure("reliability"), "reliability"),
            (material.figure("coverage"), "accuracy against coverage"),
        ],
    )


def looks(material: Material) -> Section:
    """What speaks for a wrong answer and for the truth, and the first layer."""
    outcome = material.outcome
    sure = outcome.probabilities.max(1)
    wrong = np.flatnonzero(~outcome.right)
    chosen = wrong[np.argsort(-sure[wrong], kind="stable")][:WATCHED]
    figures = []
    if len(chosen):
        pixels = material.images.pixels[chosen]
        parts = []
        for words, watched in (("the answer", outcome.predicted), ("the truth", outcome.labels)):
            heats = occlusion(material.trained, pixels, watched[chosen])
            tiles = [
                Tile(overlay(image, heat), material.card.label(outcome.classes[label]))
                for image, heat, label in zip(pixels[:, 0].numpy(), heats, watched[chosen], strict=True)
            ]
            parts.append((f"What speaks for {words} (orange) and against it (blue)", tiles))
        draw_tiles(parts, material.card).save(material.figure("occlusion"))
        figures.append((material.figure("occlusion"), "what the net looks at"))
    first = next((m for m in material.trained.classifier.net.modules() if isinstance(m, torch.nn.Conv2d)), None)
    if first is not None:
        draw_filters(first.weight.detach().float().cpu().numpy()).save(material.figure("filters"))
        figures.append((material.figure("filters"), "first-layer filters"))
    text = ["By covering a 5x5 patch at a time and watching what that takes from the logit."] if len(chosen) else []
    return Section("What it looks at", text, figures)


def feature_map(material: Material) -> Section:
    """The test images by likeness."""
    assert material.features is not None
    outcome = material.outcome
    material.mapped = chosen = choose(outcome.labels)
    places = lay_out(material.features[chosen])
    path = material.figure("feature_map")
    draw_feature_map(places, outcome.labels[chosen], outcome.right[chosen], outcome.classes, material.card, path)
    return Section("A map of the test images", (), [(path, "feature map")])
