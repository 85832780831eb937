"""`akshar inspect RUN`: the report on a run, or of a k-fold sweep the labels that its networks doubt."""

import argparse
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from akshar.errors import UsageError
from akshar.extras import require_packages
from akshar.runs.run_dir import RunDir
from akshar.sweeps.sweep_dir import is_sweep, runs_of

log = logging.getLogger(__name__)

REPORT = "report.html"
PARTS = 8


def main(arguments: Sequence[str]) -> int:
    """Runs the verb.

    Args:
        arguments: what follows `akshar inspect`.

    Returns:
        0.
    """
    parser = argparse.ArgumentParser(prog="akshar inspect", description=__doc__)
    parser.add_argument("run", help="folder of a completed run, or of a completed k-fold sweep")
    parser.add_argument("--trust", action="append", default=[], metavar="PACKAGE", help="of your own networks")
    asked = parser.parse_args(arguments)
    path = Path(asked.run).expanduser()
    if not path.is_dir():
        raise UsageError(f"{asked.run}: no such folder; `akshar runs` lists the runs")
    folder = RunDir(path)
    if is_sweep(path) and not folder.config.exists():
        from akshar.report.label_page import write_label_audit

        written = write_label_audit(path, runs_of(path))
    else:
        written = write_report(folder, asked.trust)
    print(f"report in {written}")
    return 0


def write_report(folder: RunDir, trust: Sequence[str] = ()) -> Path:
    """Makes `report.html`, its figures as PNG, and the same on TensorBoard's IMAGES and PROJECTOR pages.

    Args:
        folder: of a completed run.
        trust: packages of networks that the checkpoint may name.

    Returns:
        The report.

    Raises:
        UsageError: the run is not completed or was not tested, or its data is no longer what it was.
    """
    from tqdm import tqdm  # torch, matplotlib and the rest are loaded when it is known what for

    from akshar.runs.predictions import read_predictions

    outcome = read_predictions(folder.path)
    if not folder.best.exists():
        raise UsageError(f"{folder}: has no checkpoint")
    from akshar.memory import keep_freed_memory
    from akshar.report.page import write_page
    from akshar.report.run_report import Material, sections_of
    from akshar.runs.checkpoint import read_checkpoint
    from akshar.runs.load_checkpoint import load_checkpoint
    from akshar.training.build import dataset_of

    require_packages("akshar inspect", "captum", "sklearn", extra="inspect")
    keep_freed_memory()
    trained = load_checkpoint(str(folder.path), trust)
    dataset = dataset_of(outcome.result["config"])
    if dataset.digest() != outcome.result["data"]["digest"] or dataset.test is None:
        raise UsageError(f"{folder}: its data is no longer what it was tested on; test it anew with akshar test")
    if tuple(dataset.classes) != outcome.classes:
        raise UsageError(f"{folder}: its data has other classes now")
    rows = read_checkpoint(folder.last if folder.last.exists() else folder.best)["callbacks"]["History"]["rows"]
    precision = outcome.result["provenance"].get("precision", "32-true")
    material = Material(folder, outcome, dataset.test, dataset.train, trained, rows, precision)
    folder.figures.mkdir(exist_ok=True)
    sections = []
    with tqdm(total=PARTS, desc="report", unit=" parts", leave=False, disable=None) as bar:
        for section in sections_of(material):
            sections.append(section)
            bar.update()
    _show_on_tensorboard(material, sections)
    path = folder.path / REPORT
    write_page(path, f"{outcome.name}: {100 * float(outcome.right.mean()):.2f} % of the test images", sections)
    return path


def _show_on_tensorboard(material: Any, sections: Sequence[Any]) -> None:
    """The figures as images, and the features for the PROJECTOR, in place of an earlier inspection's."""
    import torch
    from PIL import Image

    from akshar.devanagari.letters import DEVANAGARI
    from akshar.runs.tensorboard import INSPECTED, RunLogger

    folder, outcome, chosen = material.folder, material.outcome, material.mapped
    shutil.rmtree(folder.path / "00000", ignore_errors=True)
    logger = RunLogger.after_fit(folder.path, INSPECTED)
    epoch = outcome.result["best"]["epoch"]
    for section in sections:
        for path, _ in section.figures:
            logger.add_image(f"report/{path.stem}", Image.open(path).convert("RGB"), epoch)
    label_of = DEVANAGARI.label  # card: from the data
    names = [
        [label_of(outcome.classes[label]), label_of(outcome.classes[answer]), str(answer == label)]
        for label, answer in zip(outcome.labels[chosen], outcome.predicted[chosen], strict=True)
    ]
    logger.experiment.add_embedding(
        torch.from_numpy(material.features[chosen]),
        metadata=names,
        metadata_header=["truth", "answer", "right"],
        label_img=material.images.pixels[chosen].float() / 255,
        tag="test_features",
    )
    logger.finalize("success")
