"""The report on a run: `report.html`, its figures as PNG, and the same on TensorBoard."""

import csv
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from akshar.errors import UsageError
from akshar.extras import require_packages
from akshar.report import sections_images, sections_metrics
from akshar.report.material import Material
from akshar.report.page import Section, write_page
from akshar.runs.checkpoint import read_checkpoint
from akshar.runs.load_checkpoint import load_checkpoint
from akshar.runs.load_data import load_tested_data
from akshar.runs.predictions import Predictions, read_predictions
from akshar.runs.run_dir import RunDir
from akshar.runs.tensorboard import INSPECTED, RunLogger
from akshar.untrusted import read_bytes

DrawSection = Callable[[Material], Section]

REPORT = "report.html"
SECTIONS = (
    sections_metrics.metrics_table,
    sections_metrics.training,
    sections_images.confusions,
    sections_images.errors,
    sections_metrics.accuracy_by_class,
    sections_metrics.calibration,
    sections_images.attribution,
    sections_images.feature_map,
)


def write_report(run_dir: RunDir, trust: Sequence[str] = ()) -> Path:
    """Write the report on a completed run.

    Args:
        run_dir: folder of the run.
        trust: packages whose networks the checkpoint may name.

    Returns:
        Path of the HTML file.

    Raises:
        UsageError: the run is not completed or was not tested, or its data has changed since.
    """
    predictions = read_predictions(run_dir.path)
    if not run_dir.best.exists():
        raise UsageError(f"{run_dir}: has no checkpoint")
    require_packages("akshar inspect", "sklearn", extra="inspect")
    material = _load(run_dir, predictions, trust)
    run_dir.figures.mkdir(exist_ok=True)
    sections = [draw(material) for draw in _with_progress(SECTIONS)]
    _show_on_tensorboard(material, sections)
    path = run_dir.path / REPORT
    accuracy = float(predictions.correct.mean())
    write_page(path, f"{predictions.name}: {100 * accuracy:.2f} % test accuracy", sections)
    return path


def _with_progress(sections: Sequence[DrawSection]) -> Iterator[DrawSection]:
    """Show how far the report is: a bar on a terminal, elsewhere a line for each section."""
    if sys.stderr.isatty():
        yield from tqdm(sections, "report", unit=" sections", leave=False)
        return
    for number, draw in enumerate(sections, start=1):
        print(
            f"section {number} of {len(sections)}: {draw.__name__.replace('_', ' ')}", file=sys.stderr, flush=True
        )
        yield draw


def _load(run_dir: RunDir, predictions: Predictions, trust: Sequence[str]) -> Material:
    network = load_checkpoint(str(run_dir.path), trust)
    data = load_tested_data(str(run_dir), predictions.result, trust)
    if tuple(data.classes) != predictions.classes:
        raise UsageError(f"{run_dir}: the classes of its data have changed since the test")
    if data.test is None:
        raise UsageError(f"{run_dir}: its data no longer has test images")
    if not np.array_equal(data.test.labels.numpy(), predictions.labels):
        raise UsageError(f"{run_dir}: its test images have changed since the test, or come in another order")
    return Material(
        run_dir=run_dir,
        predictions=predictions,
        images=data.test,
        train=data.train,
        network=network,
        history=_history(run_dir),
        precision=predictions.result.provenance.precision or "32-true",
    )


def _history(run_dir: RunDir) -> list[dict[str, Any]]:
    """Read one row per epoch; of a run that kept its best checkpoint alone, from `history.csv` if there is one."""
    if run_dir.last.exists():
        return read_checkpoint(run_dir.last).history
    up_to_best = read_checkpoint(run_dir.best).history
    if not up_to_best:
        return []
    try:
        rows = csv.DictReader(read_bytes(run_dir.history).decode().splitlines())
        every = [{name: float(value) for name, value in row.items() if value} for row in rows]
    except (OSError, ValueError, TypeError, csv.Error):  # missing, or edited
        return up_to_best
    is_whole = len(every) >= len(up_to_best) and all(row.keys() >= up_to_best[0].keys() for row in every)
    return every if is_whole else up_to_best


def _show_on_tensorboard(material: Material, sections: Sequence[Section]) -> None:
    """Write the figures to the IMAGES page and the features to the PROJECTOR page; replace earlier ones."""
    run_dir, predictions, chosen = material.run_dir, material.predictions, material.mapped
    shutil.rmtree(run_dir.path / "00000", ignore_errors=True)  # the projector's files
    logger = RunLogger.after_fit(run_dir.path, INSPECTED)
    epoch = predictions.result.best.epoch or 0
    for section in sections:
        for path, _ in section.figures:
            logger.add_image(f"report/{path.stem}", Image.open(path).convert("RGB"), epoch)
    metadata = [
        [material.label(label), material.label(predicted), str(label == predicted)]
        for label, predicted in zip(
            predictions.labels[chosen].tolist(), predictions.predicted[chosen].tolist(), strict=True
        )
    ]
    logger.experiment.add_embedding(
        torch.from_numpy(material.features[chosen]),
        metadata=metadata,
        metadata_header=["truth", "answer", "right"],
        label_img=material.images.pixels[chosen].float() / 255,
        tag="test_features",
    )
    logger.finalize("success")
