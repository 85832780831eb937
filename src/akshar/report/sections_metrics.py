"""Sections of the report that show numbers: metrics, training, accuracy by class, calibration."""

import numpy as np

from akshar.metrics.calibration import softmax
from akshar.metrics.summary import evaluate_predictions
from akshar.plots.coverage import draw_coverage
from akshar.plots.curves import constant_rate, draw_curves, draw_schedule
from akshar.plots.per_class import draw_per_class
from akshar.plots.reliability import draw_reliability, is_mostly_sure
from akshar.report.material import Material
from akshar.report.page import Section


def metrics_table(material: Material) -> Section:
    """A table of the metrics on the test images."""
    predictions = material.predictions
    metrics = evaluate_predictions(
        predictions.logits, predictions.labels, predictions.classes, predictions.temperature
    )
    macro = metrics.macro_accuracy, metrics.macro_precision, metrics.macro_f1
    low, high = (100 * bound for bound in metrics.interval_95)
    result = predictions.result
    return Section(
        "Test metrics",
        table=[
            ("on the test images", ""),
            ("accuracy", f"{100 * metrics.accuracy:.2f} % ({metrics.correct:,} of {metrics.total:,})"),
            ("95 % interval (Wilson)", f"{low:.2f} to {high:.2f} %"),
            ("top-3 accuracy", f"{100 * metrics.top_3:.2f} %"),
            ("macro recall, precision, F1", " / ".join(f"{100 * rate:.2f}" for rate in macro) + " %"),
            ("cross-entropy", f"{metrics.loss:.4f} nats"),
            ("cross-entropy, calibrated", f"{metrics.calibrated_loss:.4f} nats"),
            ("Brier score, calibrated", f"{metrics.brier:.4f}"),
            ("calibration error, calibrated", f"{100 * metrics.calibration_error:.2f} %"),
            ("parameters", f"{result.model.parameters:,}"),
            *([("training", f"{result.fit.seconds:.0f} s on {result.fit.device}")] if result.fit else []),
        ],
    )


def training(material: Material) -> Section:
    """Loss, accuracy, learning rate and time by epoch."""
    best = material.predictions.result.best.epoch or 0
    curves, schedule = material.figure("curves"), material.figure("schedule")
    drawn = draw_curves(material.history, best, curves, material.predictions.name)
    text = f"The checkpoint of epoch {best} was kept, the best by validation."
    figures = [(curves, "loss and accuracy by epoch")] if drawn else []
    if (rate := constant_rate(material.history)) is not None:
        seconds = material.history[-1]["seconds"] / len(material.history)
        text += f" The learning rate was {rate:g} throughout; an epoch took {seconds:.3g} s on average."
        schedule.unlink(missing_ok=True)  # of an earlier report
    else:
        draw_schedule(material.history, best, schedule)
        figures.append((schedule, "learning rate and time by epoch"))
    return Section("Training", [text], figures)


def accuracy_by_class(material: Material) -> Section:
    """Accuracy of each class, with intervals."""
    predictions = material.predictions
    n_classes = len(predictions.classes)
    total = np.bincount(predictions.labels, minlength=n_classes)
    correct = np.bincount(predictions.labels[predictions.correct], minlength=n_classes)
    present = np.flatnonzero(total)
    names = [predictions.classes[label] for label in present]
    draw_per_class(correct[present], total[present], names, material.card, material.figure("per_class"))
    return Section(
        "Accuracy by class",
        [
            "Classes whose interval lies entirely below the overall accuracy are marked; the intervals are not "
            "adjusted for the number of classes."
        ],
        [(material.figure("per_class"), "accuracy of each class")],
    )


def calibration(material: Material) -> Section:
    """Reliability of the confidence, and accuracy when unsure predictions are rejected."""
    predictions = material.predictions
    before, after = softmax(predictions.logits).max(1), predictions.probabilities.max(1)
    draw_reliability((before, predictions.correct), (after, predictions.correct), material.figure("reliability"))
    scale = (
        "The scales of the diagram are logarithmic towards 0 and 100 %, because most predictions are confident."
        if is_mostly_sure([before, after])
        else "The scales of the diagram are linear."
    )
    draw_coverage(after, predictions.correct, material.figure("coverage"))
    return Section(
        "Calibration and rejection",
        [
            f"Logits are divided by a temperature of {predictions.temperature:.3f}, fitted on the validation "
            f"images before the test. {scale}",
            "Rejection thresholds are chosen on these same images, so on new images they will be slightly "
            "optimistic.",
        ],
        [
            (material.figure("reliability"), "reliability diagram"),
            (material.figure("coverage"), "accuracy against coverage"),
        ],
    )
