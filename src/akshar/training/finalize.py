"""Before and after training: the first batch is shown; the best weights are calibrated, then tested once."""

from dataclasses import dataclass

import pytorch_lightning as pl
from PIL import Image
from pytorch_lightning.loggers.logger import DummyLogger
from pytorch_lightning.utilities.model_helpers import is_overridden

from akshar.errors import AksharError
from akshar.metrics.accuracy import Score
from akshar.metrics.calibration import fit_temperature
from akshar.metrics.summary import EvaluationMetrics, evaluate_predictions
from akshar.models.classifier import Classifier
from akshar.plots.samples import draw_batch, draw_predictions
from akshar.plots.save import save_picture
from akshar.runs.checkpoint import KEY, Checkpoint, read_checkpoint, write_checkpoint
from akshar.runs.logits_file import write_logits
from akshar.runs.run_dir import RunDir
from akshar.training.callbacks.history import History
from akshar.training.loggers import Loggers
from akshar.training.parts import bare_trainer
from akshar.training.setup import Setup


@dataclass(frozen=True)
class Evaluation:
    """How good the best weights are.

    Attributes:
        validated: score on validation; None where the model gives no logits.
        temperature: divides the logits for calibrated confidence; 1 without logits.
        metrics: everything that validation and test logged: name, as "f1/val" -> value.
        test: on the test images; None where they were not read, or without logits.
    """

    validated: Score | None
    temperature: float
    metrics: dict[str, float]
    test: EvaluationMetrics | None


def evaluate_best(setup: Setup, history: History, loggers: Loggers) -> Evaluation:
    """Load the best weights, calibrate them on validation, and test them once."""
    model, run_dir = setup.model, setup.run_dir
    checkpoint = read_checkpoint(run_dir.best)
    model.module.load_state_dict(checkpoint.lightning["state_dict"])
    validated, temperature, test = None, 1.0, None
    metrics = history.best_metrics
    if model.classifier is not None:
        tester = bare_trainer(setup.hardware)
        validated, temperature = _calibrate(setup, model.classifier, tester, checkpoint)
        metrics |= {} if model.is_own else logged_metrics(tester)
    run_dir.previous.unlink(missing_ok=True)
    if not setup.config.test or setup.summary.test == 0:
        return Evaluation(validated, temperature, _exact(setup, metrics, validated, None), None)
    step = history.best["step"]
    tested: dict[str, float] = {}
    if model.classifier is not None:
        tester = bare_trainer(setup.hardware)
        test = _test(setup, model.classifier, tester, loggers, step, temperature)
        tested = {} if model.is_own else logged_metrics(tester)
    if model.is_own and is_overridden("test_step", model.module):
        tester = bare_trainer(setup.hardware, logger=DummyLogger())
        tester.test(model.module, datamodule=setup.data, verbose=False)
        tested = logged_metrics(tester)
    metrics = _exact(setup, metrics | tested, validated, test)
    loggers.log_metrics({name: metrics[name] for name in tested}, step)
    return Evaluation(validated, temperature, metrics, test)


def _calibrate(
    setup: Setup, classifier: Classifier, tester: pl.Trainer, checkpoint: Checkpoint
) -> tuple[Score, float]:
    """Score the loaded weights on validation, fit the temperature there, and save it in `best.ckpt`."""
    run_dir = setup.run_dir
    tester.validate(classifier, datamodule=setup.data, verbose=False)
    assert classifier.scored is not None
    write_logits(run_dir.predictions / "val.npz", classifier.logits.numpy(), classifier.labels.numpy())
    temperature = fit_temperature(classifier.logits.numpy(), classifier.labels.numpy())
    checkpoint.lightning[KEY]["temperature"] = temperature
    write_checkpoint(checkpoint.lightning, run_dir.best)
    return classifier.scored, temperature


def _test(
    setup: Setup, classifier: Classifier, tester: pl.Trainer, loggers: Loggers, step: int, temperature: float
) -> EvaluationMetrics:
    """Test the loaded weights, once, and count every image; `step` is the number of their optimizer steps."""
    data, run_dir = setup.summary, setup.run_dir
    tester.test(classifier, datamodule=setup.data, verbose=False)
    if data.test is not None and len(classifier.labels) != data.test:
        raise AksharError(f"the test saw {len(classifier.labels)} images of {data.test}")
    write_logits(run_dir.predictions / "test.npz", classifier.logits.numpy(), classifier.labels.numpy())
    if setup.images is not None and setup.images.test is not None:
        sheet = draw_predictions(setup.images.test, classifier.logits, data.card)
        show(sheet, "predictions", run_dir, loggers, step)
    return evaluate_predictions(classifier.logits.numpy(), classifier.labels.numpy(), data.classes, temperature)


def _exact(
    setup: Setup, metrics: dict[str, float], validated: Score | None, test: EvaluationMetrics | None
) -> dict[str, float]:
    """Replace what Lightning rounded to float32; what a module of one's own logs under these names is its own."""
    if setup.model.is_own:
        return metrics
    scores = {"val": validated, "test": test}
    return metrics | {
        f"{name}/{stage}": getattr(score, name)
        for stage, score in scores.items()
        if score is not None
        for name in ("loss", "accuracy")
    }


def logged_metrics(tester: pl.Trainer) -> dict[str, float]:
    """Return every metric that the last validation or test logged, by its name."""
    return {name: float(value) for name, value in tester.callback_metrics.items()}


def show_first_batch(setup: Setup, loggers: Loggers) -> None:
    """Show the first training batch of a new run as the network sees it, where the images are akshar's own."""
    data = setup.images
    if setup.resumed_from is not None or data is None:
        return
    batch = data.prepare(next(iter(data.train_dataloader())), augmented=True)
    sheet = draw_batch(batch.images, batch.labels, data.classes, data.dataset.card, data.dataset.input_spec)
    show(sheet, "train_batch", setup.run_dir, loggers, 0)


def show(sheet: Image.Image, name: str, run_dir: RunDir, loggers: Loggers, step: int) -> None:
    """Save a picture in `figures/` and show it where the loggers can."""
    save_picture(sheet, run_dir.figures / f"{name}.png")
    loggers.log_picture(name, sheet, step)
