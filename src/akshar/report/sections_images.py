"""Sections of the report that show images: confusions, errors, occlusion and the feature map."""

import numpy as np
from torch import nn

from akshar.metrics.confusion import confusion_counts
from akshar.plots.confusion import confused_pairs, draw_confusion
from akshar.plots.errors import draw_filters, draw_neighbours, draw_tiles, overlay
from akshar.plots.feature_map import draw_feature_map
from akshar.plots.save import save_picture
from akshar.plots.tiles import Tile, to_picture
from akshar.report.feature_map import lay_out
from akshar.report.features import nearest, occlusion, read_features, square_side
from akshar.report.material import Material
from akshar.report.page import Section

N_ERRORS, N_PAIRS, N_EXAMPLES, N_NEIGHBOURS, N_OCCLUDED = 24, 8, 4, 7, 8  # images or pairs shown of each kind


def confusions(material: Material) -> Section:
    """The confusion matrix, and images of the pairs of classes that are confused most."""
    predictions = material.predictions
    counts = confusion_counts(predictions.labels, predictions.predicted, len(predictions.classes))
    draw_confusion(counts, predictions.classes, material.card, material.figure("confusion"))
    figures = [(material.figure("confusion"), "confusion matrix")]
    parts = []
    for truth, predicted, number in confused_pairs(counts, N_PAIRS):
        wrong = np.flatnonzero((predictions.labels == truth) & (predictions.predicted == predicted))
        correct = np.flatnonzero((predictions.labels == predicted) & predictions.correct)
        label, wrong_label = material.label(truth), material.label(predicted)
        heading = (
            f"{label} predicted as {wrong_label}: {number} of {counts[truth].sum()}; "
            f"then correctly predicted {wrong_label}"
        )
        indices = (*wrong[:N_EXAMPLES], *correct[:N_EXAMPLES])
        parts.append((heading, [material.tile(int(index)) for index in indices]))
    if parts:
        save_picture(draw_tiles(parts, material.card), material.figure("confused_pairs"))
        figures.append((material.figure("confused_pairs"), "the most confused pairs of classes"))
    text = [f"{int((~predictions.correct).sum())} of {len(predictions):,} test images are predicted wrongly."]
    return Section("Confusions", text, figures)


def errors(material: Material) -> Section:
    """The most confident errors with their nearest training images, and the least confident correct predictions."""
    predictions = material.predictions
    confidence = predictions.probabilities.max(1)
    worst = most_confident_errors(material)[:N_ERRORS]
    correct = np.flatnonzero(predictions.correct)
    unsure = correct[np.argsort(confidence[correct], kind="stable")][:N_ERRORS]
    heading = f"The most confident of {int((~predictions.correct).sum())} errors: prediction, confidence, (label)"
    sheet = draw_tiles(
        [
            (heading, [material.tile(int(index)) for index in worst]),
            ("The least confident correct predictions", [material.tile(int(index)) for index in unsure]),
        ],
        material.card,
    )
    save_picture(sheet, material.figure("errors"))
    figures = [(material.figure("errors"), "errors and unsure predictions")]
    if material.train is not None and len(worst):
        _draw_neighbours(material, worst)
        figures.append((material.figure("neighbours"), "errors beside the nearest training images"))
    return Section(
        "Errors",
        [
            "Nearest in the features of the network's last layer. If the neighbours agree with the prediction and "
            "not with the label, the label may be wrong; if they disagree with each other, the image is ambiguous."
        ],
        figures,
    )


def most_confident_errors(material: Material) -> np.ndarray:
    """Positions of the wrongly predicted images in descending order of confidence, int64."""
    predictions = material.predictions
    confidence = predictions.probabilities.max(1)
    wrong = np.flatnonzero(~predictions.correct)
    return wrong[np.argsort(-confidence[wrong], kind="stable")]


def _draw_neighbours(material: Material, worst: np.ndarray) -> None:
    train = material.train
    assert train is not None
    train_features = read_features(material.network, train.pixels, material.precision, "cpu")
    rows = []
    shown = worst[: N_ERRORS // 2]
    neighbours = nearest(material.features[shown], train_features, min(N_NEIGHBOURS, len(train)))
    for index, row in zip(shown, neighbours.tolist(), strict=True):
        pictures = [
            (to_picture(train.pixels[position].numpy()), train.classes[int(train.labels[position])])
            for position in row
        ]
        rows.append((material.tile(int(index)), pictures))
    save_picture(draw_neighbours(rows, material.card), material.figure("neighbours"))


def attribution(material: Material) -> Section:
    """Image regions that support the wrong prediction or the label, and the filters of the first layer."""
    predictions = material.predictions
    chosen = most_confident_errors(material)[:N_OCCLUDED]
    figures = []
    text = []
    if len(chosen):
        pixels = material.images.pixels[chosen]
        targets = np.stack([predictions.predicted[chosen], predictions.labels[chosen]], 1)
        heats = occlusion(material.network, pixels, targets)
        parts = []
        for column, name in enumerate(("prediction", "label")):
            tiles = [
                Tile(overlay(to_picture(image), heat), material.label(target))
                for image, heat, target in zip(
                    pixels.numpy(), heats[:, column], targets[:, column].tolist(), strict=True
                )
            ]
            parts.append((f"Regions that support the {name} (orange) or oppose it (blue)", tiles))
        save_picture(draw_tiles(parts, material.card), material.figure("occlusion"))
        figures.append((material.figure("occlusion"), "occlusion maps of errors"))
        side = square_side(*pixels.shape[-2:])
        text.append(f"The change of the logit when a square of {side} x {side} pixels is covered with black.")
    first = next((m for m in material.network.classifier.net.modules() if isinstance(m, nn.Conv2d)), None)
    if first is not None:
        save_picture(draw_filters(first.weight.detach().float().cpu().numpy()), material.figure("filters"))
        figures.append((material.figure("filters"), "filters of the first layer"))
    return Section("Occlusion and filters", text, figures)


def feature_map(material: Material) -> Section:
    """The test images laid out in the plane by the similarity of their features."""
    predictions, chosen = material.predictions, material.mapped
    path = material.figure("feature_map")
    draw_feature_map(
        lay_out(material.features[chosen]),
        predictions.labels[chosen],
        predictions.correct[chosen],
        predictions.classes,
        material.card,
        path,
    )
    return Section("Feature map", (), [(path, "feature map of the test images")])
