"""One test: a network from its checkpoint, the images of a config, and what came of it."""

import csv
import io
import logging
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from omegaconf import OmegaConf

from akshar.data.image_set import ImageSet, TrainTest
from akshar.devanagari.letters import DEVANAGARI
from akshar.errors import UsageError
from akshar.files import printable, write_atomic, write_json
from akshar.metrics.calibration import softmax
from akshar.metrics.summary import evaluate_predictions
from akshar.models.classifier import count_parameters
from akshar.plots.samples import draw_predictions
from akshar.runs import provenance
from akshar.runs.load_checkpoint import TrainedNetwork, load_checkpoint
from akshar.runs.run_dir import RunDir
from akshar.training.build import dataset_of, precision

log = logging.getLogger(__name__)

TOP = 3
COLUMNS = "index file truth prediction letter confidence confidence_of_truth top_3".split()


def run_test(settings: dict[str, Any], folder: RunDir) -> dict[str, Any]:
    """Reads every image once and leaves `result.json`, `predictions.csv`, logits and a sheet in a folder.

    Args:
        settings: a config of `akshar test`, plain values.
        folder: where they go.

    Returns:
        The content of `result.json`.

    Raises:
        UsageError: no such checkpoint, or images of other classes.
        DataError: the data cannot be had.
    """
    trained = load_checkpoint(settings["checkpoint"], settings["trust"])
    dataset = dataset_of(settings)
    images = _images(dataset, settings["part"])
    asked = _positions(images, trained, settings["checkpoint"])
    decided = _precision(settings)
    device = "cuda" if settings["accelerator"] != "cpu" and torch.cuda.is_available() else "cpu"
    logits = trained.logits(images.pixels, precision=decided, device=device)
    labels = torch.tensor(asked)[images.labels]
    result = {
        "status": "completed",
        "name": trained.config.get("name") or f"{dataset.name}-{type(trained.classifier.net).__name__.lower()}",
        "seed": trained.config.get("seed"),
        "checkpoint": settings["checkpoint"],
        "classes": list(trained.classes),
        "data": {
            "source": dataset.name,
            "subset": settings["data"].get("subset"),
            "part": settings["part"],
            "classes": len(images.classes),
            "test": len(images),
            "digest": dataset.digest(),
        },
        "model": {
            "name": type(trained.classifier.net).__name__.lower(),
            "parameters": count_parameters(trained.classifier.net),
        },
        "best": {"checkpoint": settings["checkpoint"], "temperature": trained.temperature},
        "precision": decided,
        "test": asdict(evaluate_predictions(logits.numpy(), labels.numpy(), trained.classes, trained.temperature)),
        "restricted": None,
        "config": settings,
        "provenance": provenance.here(),
    }
    if len(asked) < len(trained.classes):
        restricted = logits[:, asked].numpy()
        result["restricted"] = asdict(
            evaluate_predictions(restricted, images.labels.numpy(), images.classes, trained.temperature)
        )
    folder.predictions.mkdir(parents=True, exist_ok=True)
    folder.figures.mkdir(exist_ok=True)
    write_atomic(folder.config, OmegaConf.to_yaml(OmegaConf.create(settings)).encode())
    np.savez_compressed(folder.predictions / "test.npz", logits=logits.numpy(), labels=labels.numpy())
    write_atomic(folder.path / "predictions.csv", _as_csv(images, trained, logits.numpy(), labels.numpy()))
    shown = ImageSet(images.pixels, labels, images.numbers, trained.classes, images.files)
    sheet = draw_predictions(shown, logits, DEVANAGARI)  # card: from the data
    sheet.save(folder.figures / "predictions.png")
    write_json(folder.result, result)
    _announce(result, folder)
    return result


def _images(dataset: TrainTest, part: str) -> ImageSet:
    """The part of a data set that is asked for.

    Raises:
        UsageError: there is no such part.
    """
    parts = {"test": [dataset.test], "train": [dataset.train], "all": [dataset.train, dataset.test]}[part]
    there = [images for images in parts if images is not None]
    if not there:
        raise UsageError(f"part={part}: the data has no such images")
    if len(there) == 1:
        return there[0]
    return ImageSet(
        torch.cat([images.pixels for images in there]),
        torch.cat([images.labels for images in there]),
        torch.cat([images.numbers for images in there]),
        there[0].classes,
        tuple(name for images in there for name in images.files),
    )


def _positions(images: ImageSet, trained: TrainedNetwork, checkpoint: str) -> list[int]:
    """Where the images' classes are among the network's.

    Raises:
        UsageError: it does not know one of them.
    """
    if unknown := [printable(name) for name in images.classes if name not in trained.classes]:
        raise UsageError(
            f"{checkpoint}: knows no class {', '.join(unknown[:TOP])}{' ...' if len(unknown) > TOP else ''}; "
            f"it reads {', '.join(trained.classes[:TOP])} ... ({len(trained.classes)} classes)"
        )
    return [trained.classes.index(name) for name in images.classes]


def _precision(settings: dict[str, Any]) -> str:
    return precision({"trainer": {"precision": settings["precision"], "accelerator": settings["accelerator"]}})


def _as_csv(images: ImageSet, trained: TrainedNetwork, logits: np.ndarray, labels: np.ndarray) -> bytes:
    """A row an image: its file, truth, answer, confidence, that of the truth, and the three likeliest."""
    probabilities = softmax(logits, trained.temperature)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOP]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(
        ["index", "file", "truth", "prediction", "letter", "confidence", "confidence_of_truth", "top_3"]
    )
    for index, label in enumerate(labels.tolist()):
        row, first = probabilities[index], int(best[index, 0])
        named = "; ".join(f"{trained.classes[other]} {row[other]:.6f}" for other in best[index])
        answer = trained.classes[first]
        sure = (f"{row[first]:.9g}", f"{row[label]:.9g}")
        letter = DEVANAGARI.label(answer)  # card: from the data
        writer.writerow([index, images.name_of(index), trained.classes[label], answer, letter, *sure, named])
    return text.getvalue().encode()


def _announce(result: dict[str, Any], folder: RunDir) -> None:
    data = result["data"]
    log.info(
        "%s with %s parameters on %s images of %s in %s classes",
        result["model"]["name"],
        f"{result['model']['parameters']:,}",
        f"{data['test']:,}",
        data["source"],
        data["classes"],
    )
    for title, figures in (
        (f"of {len(result['classes'])} classes", result["test"]),
        ("among these", result["restricted"]),
    ):
        if figures is None:
            continue
        low, high = (100 * bound for bound in figures["interval_95"])
        log.info("")
        log.info(
            "accuracy %s  %.2f %%  (%s of %s; 95 %% interval %.2f to %.2f %%)",
            title,
            100 * figures["accuracy"],
            f"{figures['correct']:,}",
            f"{figures['total']:,}",
            low,
            high,
        )
        log.info(
            "top 3 %.2f %%, macro F1 %.2f %%; after temperature scaling: "
            "log loss %.4f, Brier %.4f, calibration error %.2f %%",
            100 * figures["top_3"],
            100 * figures["macro_f1"],
            figures["calibrated_loss"],
            figures["brier"],
            100 * figures["calibration_error"],
        )
    log.info("")
    log.info("every answer   %s/predictions.csv", folder)
