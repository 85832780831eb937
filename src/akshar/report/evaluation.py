"""One test: a network from its file, the images of a config, and what it predicts."""

import logging

import numpy as np
import torch

from akshar.config.schema import TestConfig
from akshar.data.image_set import ImageSet, TrainTest
from akshar.errors import UsageError
from akshar.files import printable
from akshar.metrics.calibration import softmax
from akshar.metrics.summary import EvaluationMetrics, evaluate_predictions
from akshar.models.parameters import count_parameters
from akshar.pictures.input_spec import InputSpec
from akshar.plots.samples import draw_predictions
from akshar.plots.save import save_picture
from akshar.report.module_test import reads_pictures, run_module_test
from akshar.runs import provenance
from akshar.runs.load_checkpoint import TrainedNetwork, load_checkpoint
from akshar.runs.load_data import load_data
from akshar.runs.logits_file import write_logits
from akshar.runs.provenance import Provenance
from akshar.runs.result import BestResult, DataResult, ModelResult, Result
from akshar.runs.run_dir import RunDir
from akshar.tables import write_csv
from akshar.training.hardware import resolve_precision

log = logging.getLogger(__name__)

TOP = 3
COLUMNS = ("index", "file", "truth", "prediction", "label", "confidence", "confidence_of_truth", "top_3")


def run_test(config: TestConfig, run_dir: RunDir) -> Result:
    """Predict every image once; write `result.json`, `predictions.csv`, logits and a sheet of images.

    Args:
        config: of `akshar test`.
        run_dir: where they go.

    Raises:
        UsageError: no such checkpoint, or images of classes that the network does not know.
        DataError: the images cannot be loaded.
    """
    if not reads_pictures(config.checkpoint):
        return run_module_test(config, run_dir)
    network = load_checkpoint(config.checkpoint, config.trust)
    data = load_data(config.data, network.input_spec)
    images = _images(data, config.part)
    _check_spec(network.input_spec, data.input_spec, config.checkpoint)
    positions = class_positions(images, network, config.checkpoint)
    precision = resolve_precision(config.precision, config.accelerator)
    device = "cuda" if config.accelerator != "cpu" and torch.cuda.is_available() else "cpu"
    if config.accelerator in ("gpu", "cuda") and device == "cpu":
        raise UsageError(f"accelerator={config.accelerator}: no CUDA device here; choose accelerator=auto or cpu")
    logits = network.logits(images.pixels, precision=precision, device=device)
    labels = torch.tensor(positions)[images.labels]
    metrics = evaluate_predictions(logits.numpy(), labels.numpy(), network.classes, network.temperature)
    restricted = None
    if len(positions) < len(network.classes):
        among = logits[:, positions].numpy()
        restricted = evaluate_predictions(among, images.labels.numpy(), images.classes, network.temperature)
    net = network.classifier.net
    result = Result(
        name=network.config.get("name") or f"{data.name}-{type(net).__name__.lower()}",
        seed=network.config.get("seed"),
        checkpoint=config.checkpoint,
        classes=list(network.classes),
        card=network.card.to_record(),
        data=DataResult(
            source=data.name,
            subset=config.data.arguments.get("subset"),
            part=config.part,
            classes=len(images.classes),
            test=len(images),
            digest=data.digest(),
        ),
        model=ModelResult(name=type(net).__name__.lower(), parameters=count_parameters(net)),
        best=BestResult(checkpoint=config.checkpoint, temperature=network.temperature),
        test=metrics,
        restricted=restricted,
        config=config.to_record(),
        provenance=Provenance(precision=precision, **dict(provenance.environment())),
    )
    _write(result, run_dir, images, network, logits, labels)
    _log(result, metrics, run_dir, data.changes)
    return result


def class_positions(images: ImageSet, network: TrainedNetwork, checkpoint: str) -> list[int]:
    """Return the positions of the images' classes among the network's.

    Raises:
        UsageError: the network does not know one of them.
    """
    if unknown := [printable(name) for name in images.classes if name not in network.classes]:
        raise UsageError(
            f"{checkpoint}: does not know the class {', '.join(unknown[:TOP])}"
            f"{' ...' if len(unknown) > TOP else ''}; "
            f"it knows {', '.join(network.classes[:TOP])} ... ({len(network.classes)} classes)"
        )
    return [network.classes.index(name) for name in images.classes]


def _check_spec(expected: InputSpec, given: InputSpec, checkpoint: str) -> None:
    """Refuse images that were prepared differently; mean and deviation do not matter, the network normalises.

    Raises:
        UsageError: naming every value that differs.
    """
    values, others = expected.to_record(), given.to_record()
    differing = [
        f"{key} {others[key]} (not {value})"
        for key, value in values.items()
        if key not in ("mean", "std") and value != others[key]
    ]
    if differing:
        raise UsageError(
            f"{checkpoint}: the data's images do not fit this network: {', '.join(differing)}; choose other data"
        )


def _images(data: TrainTest, part: str) -> ImageSet:
    """Select a part of a data set.

    Raises:
        UsageError: the data has no such images.
    """
    parts = {"test": [data.test], "train": [data.train], "all": [data.train, data.test]}[part]
    present = [images for images in parts if images is not None]
    if not present:
        raise UsageError(f"part={part}: the data has no such images")
    if len(present) == 1:
        return present[0]
    return ImageSet(
        torch.cat([images.pixels for images in present]),
        torch.cat([images.labels for images in present]),
        torch.cat([images.numbers for images in present]),
        present[0].classes,
        tuple(name for images in present for name in images.files),
    )


def _write(
    result: Result,
    run_dir: RunDir,
    images: ImageSet,
    network: TrainedNetwork,
    logits: torch.Tensor,
    labels: torch.Tensor,
) -> None:
    run_dir.predictions.mkdir(parents=True, exist_ok=True)
    run_dir.figures.mkdir(exist_ok=True)
    run_dir.write_config(result.config)
    write_logits(run_dir.predictions / "test.npz", logits.numpy(), labels.numpy())
    write_csv(run_dir.path / "predictions.csv", COLUMNS, _rows(images, network, logits.numpy(), labels.numpy()))
    shown = ImageSet(images.pixels, labels, images.numbers, network.classes, images.files)
    save_picture(draw_predictions(shown, logits, network.card), run_dir.figures / "predictions.png")
    result.write(run_dir.result)


def _rows(images: ImageSet, network: TrainedNetwork, logits: np.ndarray, labels: np.ndarray) -> list[list[object]]:
    """Write one row per image; see `COLUMNS`."""
    probabilities = softmax(logits, network.temperature)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOP]
    rows: list[list[object]] = []
    for index, label in enumerate(labels.tolist()):
        row, first = probabilities[index], int(best[index, 0])
        top = "; ".join(f"{network.classes[other]} {row[other]:.6f}" for other in best[index])
        predicted = network.classes[first]
        confidences = (f"{row[first]:.9g}", f"{row[label]:.9g}")
        truth, shown = network.classes[label], network.card.label(predicted)
        rows.append([index, images.name_of(index), truth, predicted, shown, *confidences, top])
    return rows


def _log(result: Result, metrics: EvaluationMetrics, run_dir: RunDir, changes: str) -> None:
    data = result.data
    log.info(
        "%s with %s parameters on %s images of %s in %s classes",
        result.model.name,
        f"{result.model.parameters:,}",
        f"{data.test:,}",
        data.source,
        data.classes,
    )
    if changes:
        log.info(changes)
    for title, part in ((f"among {len(result.classes)} classes", metrics), ("among these", result.restricted)):
        if part is None:
            continue
        low, high = (100 * bound for bound in part.interval_95)
        log.info("")
        log.info(
            "accuracy %s  %.2f %%  (%s of %s; 95 %% interval %.2f to %.2f %%)",
            title,
            100 * part.accuracy,
            f"{part.correct:,}",
            f"{part.total:,}",
            low,
            high,
        )
        log.info(
            "top 3 %.2f %%, macro F1 %.2f %%, loss %.4f (calibrated %.4f), Brier %.4f, calibration error %.2f %%",
            100 * part.top_3,
            100 * part.macro_f1,
            part.loss,
            part.calibrated_loss,
            part.brier,
            100 * part.calibration_error,
        )
    log.info("")
    log.info("predictions    %s/predictions.csv", run_dir)
