"""The best weights of a run: calibrated on validation, then tested once."""

from typing import Any

import numpy as np
import pytorch_lightning as pl
from PIL import Image

from akshar.devanagari.letters import DEVANAGARI
from akshar.errors import AksharError
from akshar.metrics.accuracy import Score
from akshar.metrics.calibration import fit_temperature
from akshar.metrics.intervals import wilson_interval
from akshar.models.classifier import Classifier
from akshar.plots.samples import draw_predictions
from akshar.runs.checkpoint import KEY, net_weights, read_checkpoint, write_checkpoint
from akshar.runs.run_dir import RunDir
from akshar.runs.tensorboard import RunLogger
from akshar.training.prepare import Prepared


def calibrate(prepared: Prepared, tester: pl.Trainer) -> tuple[Score, float]:
    """Loads the best weights, scores them on validation, fits the temperature there and keeps it with them."""
    folder, classifier = prepared.folder, prepared.classifier
    checkpoint = read_checkpoint(folder.best)
    classifier.net.load_state_dict(net_weights(checkpoint))
    tester.validate(classifier, datamodule=prepared.data, verbose=False)
    assert classifier.scored is not None
    _save_predictions(classifier, folder, "val")
    temperature = fit_temperature(classifier.logits.numpy(), classifier.labels.numpy())
    checkpoint[KEY]["temperature"] = temperature
    write_checkpoint(checkpoint, folder.best)
    return classifier.scored, temperature


def test(prepared: Prepared, tester: pl.Trainer, logger: RunLogger | None, epoch: int) -> dict[str, Any]:
    """Tests the weights that are loaded, once, and counts every image.

    Returns:
        The `test` part of `result.json`.
    """
    data, classifier, folder = prepared.data, prepared.classifier, prepared.folder
    assert data.test is not None
    tester.test(classifier, datamodule=data, verbose=False)
    scored = classifier.scored
    assert scored is not None
    if scored.total != len(data.test):
        raise AksharError(f"the test saw {scored.total} images of {len(data.test)}")
    _save_predictions(classifier, folder, "test")
    sheet = draw_predictions(data.test, classifier.logits, DEVANAGARI)  # card: from the data
    show(sheet, "predictions", folder, logger, epoch)
    if logger is not None:
        logger.log_metrics({"loss/test": scored.loss, "accuracy/test": scored.accuracy}, step=epoch)
    return {
        "accuracy": scored.accuracy,
        "loss": scored.loss,
        "macro_accuracy": scored.macro_accuracy,
        "correct": scored.correct,
        "total": scored.total,
        "interval_95": list(wilson_interval(scored.correct, scored.total)),
    }


def show(sheet: Image.Image, name: str, folder: RunDir, logger: RunLogger | None, epoch: int) -> None:
    """Keeps a picture in `figures/` and on TensorBoard's IMAGES page."""
    sheet.save(folder.figures / f"{name}.png")
    if logger is not None:
        logger.add_image(name, sheet, epoch)


def _save_predictions(classifier: Classifier, folder: RunDir, stage: str) -> None:
    logits, labels = classifier.logits.numpy(), classifier.labels.numpy()
    np.savez_compressed(folder.predictions / f"{stage}.npz", logits=logits, labels=labels)
