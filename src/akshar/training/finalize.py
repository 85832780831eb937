"""Before and after training: the first batch is shown; the best weights are calibrated, then tested once."""

import pytorch_lightning as pl
from PIL import Image

from akshar.errors import AksharError
from akshar.metrics.accuracy import Score
from akshar.metrics.calibration import fit_temperature
from akshar.metrics.summary import EvaluationMetrics, evaluate_predictions
from akshar.plots.samples import draw_batch, draw_predictions
from akshar.plots.save import save_picture
from akshar.runs.checkpoint import KEY, read_checkpoint, write_checkpoint
from akshar.runs.logits_file import write_logits
from akshar.runs.run_dir import RunDir
from akshar.training.loggers import Loggers
from akshar.training.setup import Setup


def calibrate_best(setup: Setup, tester: pl.Trainer) -> tuple[Score, float]:
    """Load the best weights, score them on validation, and fit the temperature there.

    The temperature is saved in `best.ckpt`.

    Returns:
        Score on validation, and temperature.
    """
    run_dir, classifier = setup.run_dir, setup.classifier
    checkpoint = read_checkpoint(run_dir.best)
    classifier.load_state_dict(checkpoint.lightning["state_dict"])
    tester.validate(classifier, datamodule=setup.data, verbose=False)
    assert classifier.scored is not None
    write_logits(run_dir.predictions / "val.npz", classifier.logits.numpy(), classifier.labels.numpy())
    temperature = fit_temperature(classifier.logits.numpy(), classifier.labels.numpy())
    checkpoint.lightning[KEY]["temperature"] = temperature
    write_checkpoint(checkpoint.lightning, run_dir.best)
    run_dir.previous.unlink(missing_ok=True)
    return classifier.scored, temperature


def test_best(
    setup: Setup, tester: pl.Trainer, loggers: Loggers, step: int, temperature: float
) -> EvaluationMetrics:
    """Test the loaded weights, once, and count every image; log with the number of their optimizer steps."""
    data, classifier, run_dir = setup.data, setup.classifier, setup.run_dir
    assert data.test is not None
    tester.test(classifier, datamodule=data, verbose=False)
    if len(classifier.labels) != len(data.test):
        raise AksharError(f"the test saw {len(classifier.labels)} images of {len(data.test)}")
    write_logits(run_dir.predictions / "test.npz", classifier.logits.numpy(), classifier.labels.numpy())
    sheet = draw_predictions(data.test, classifier.logits, data.dataset.card)
    show(sheet, "predictions", run_dir, loggers, step)
    metrics = evaluate_predictions(classifier.logits.numpy(), classifier.labels.numpy(), data.classes, temperature)
    exact = {"loss/test": metrics.loss, "accuracy/test": metrics.accuracy}
    loggers.log_metrics(logged_metrics(tester) | exact, step)
    return metrics


def logged_metrics(tester: pl.Trainer) -> dict[str, float]:
    """Return every metric that the last validation or test logged, by its name."""
    return {name: float(value) for name, value in tester.callback_metrics.items()}


def show_first_batch(setup: Setup, loggers: Loggers) -> None:
    """Show the first training batch of a new run as the network sees it."""
    if setup.resumed_from is not None:
        return
    data = setup.data
    batch = data.prepare(next(iter(data.train_dataloader())), augmented=True)
    sheet = draw_batch(batch.images, batch.labels, data.classes, data.dataset.card, data.dataset.input_spec)
    show(sheet, "train_batch", setup.run_dir, loggers, 0)


def show(sheet: Image.Image, name: str, run_dir: RunDir, loggers: Loggers, step: int) -> None:
    """Save a picture in `figures/` and show it where the loggers can."""
    save_picture(sheet, run_dir.figures / f"{name}.png")
    loggers.log_picture(name, sheet, step)
