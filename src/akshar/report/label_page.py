"""The page of a label audit: `labels.html` with the most doubtful labels, and `labels.csv` with all of them."""

from collections.abc import Sequence
from pathlib import Path

from akshar.data.card import DatasetCard
from akshar.data.image_set import ImageSet
from akshar.errors import UsageError
from akshar.plots.errors import answer_tile, draw_tiles
from akshar.plots.save import save_picture
from akshar.plots.tiles import to_picture
from akshar.report.label_audit import AuditedLabel, audit_labels
from akshar.report.page import Section, write_page
from akshar.runs.load_data import load_tested_data
from akshar.runs.result import read_result
from akshar.runs.run_dir import RunDir
from akshar.tables import write_csv

MAX_IMAGES = 96  # on the page; the CSV file has all
PER_SHEET = 24


def write_label_audit(sweep: Path, runs: Sequence[RunDir], trust: Sequence[str] = ()) -> Path:
    """Write `labels.html`, its figures and `labels.csv` to the folder of a k-fold sweep.

    Args:
        sweep: folder of the sweep.
        runs: its runs, one per fold.
        trust: packages of data sets that the results may name.

    Returns:
        Path of the page.

    Raises:
        UsageError: not a completed k-fold sweep on one data set, or the data has changed since.
    """
    source, images, card = _training_images(sweep, runs, trust)
    audited, classes = audit_labels(runs)
    doubtful = [label for label in audited if label.margin < 0]
    write_csv(
        sweep / "labels.csv",
        ["rank", "index", "file", "label", "likelier", "margin"],
        (
            (
                rank,
                label.index,
                images.name_of(label.index),
                classes[label.label],
                classes[label.predicted],
                round(label.margin, 6),
            )
            for rank, label in enumerate(doubtful, start=1)
        ),
    )
    summary = (
        f"{len(doubtful)} of {len(audited):,} training images are assigned to another class by the network that "
        "was not trained on them. Those with the most doubtful labels come first; labels.csv lists all of them."
    )
    figures = _draw_sheets(sweep, doubtful[:MAX_IMAGES], images, classes, card)
    page = sweep / "labels.html"
    write_page(page, f"Doubtful labels: {source}", [Section("Most doubtful", [summary], figures)])
    return page


def _training_images(
    sweep: Path, runs: Sequence[RunDir], trust: Sequence[str]
) -> tuple[str, ImageSet, DatasetCard]:
    """Load the training images of a k-fold sweep, with the name and the card of the data set."""
    if not runs:
        raise UsageError(f"{sweep}: no runs in this folder")
    results = [read_result(run) for run in runs]
    if not all(result.config.get("data", {}).get("folds") for result in results):
        raise UsageError(
            f"{sweep}: not a k-fold sweep, which a label audit needs: akshar train -m sweep=kfold; "
            "to inspect one of its runs: akshar inspect FOLDER/0"
        )
    if len({result.data.digest for result in results}) > 1:
        raise UsageError(f"{sweep}: its runs were trained on different data")
    data = load_tested_data(str(sweep), results[0], trust)
    if data.train is None:
        raise UsageError(f"{sweep}: its data has no training images")
    return data.name, data.train, data.card


def _draw_sheets(
    sweep: Path, doubtful: Sequence[AuditedLabel], images: ImageSet, classes: Sequence[str], card: DatasetCard
) -> list[tuple[Path, str]]:
    """Draw the images in sheets of `PER_SHEET`; return each file with its heading."""
    figures = []
    for start in range(0, len(doubtful), PER_SHEET):
        part = doubtful[start : start + PER_SHEET]
        tiles = [
            answer_tile(
                to_picture(images.pixels[label.index].numpy()),
                classes[label.label],
                classes[label.predicted],
                -label.margin,
                card,
            )
            for label in part
        ]
        heading = f"{start + 1} to {start + len(part)}: prediction (label), difference of their probabilities"
        path = sweep / f"labels-{start + 1}.png"
        save_picture(draw_tiles([(heading, tiles)], card), path)
        figures.append((path, heading))
    return figures
