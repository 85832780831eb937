"""The page of a label audit: `labels.html` with the most doubtful labels, and `labels.csv` with all of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from akshar.data.card import DatasetCard
from akshar.data.image_set import ImageSet, TrainTest
from akshar.errors import UsageError
from akshar.plots.errors import answer_tile, draw_tiles
from akshar.plots.save import save_picture
from akshar.plots.tiles import to_picture
from akshar.report.judging import Judged, read_judgements, write_judging_sheets
from akshar.report.label_audit import AuditedLabel, LabelAudit, held_out_predictions, tested_predictions
from akshar.report.page import Section, write_page
from akshar.runs.load_data import load_tested_data
from akshar.runs.result import read_result
from akshar.runs.run_dir import RunDir
from akshar.tables import write_csv

MAX_IMAGES = 96  # of each part on the page; the CSV file has all
PER_SHEET = 24
COLUMNS = ["rank", "part", "file", "label", "likelier", "margin", "against", "networks", "judged"]


def write_label_audit(
    sweep: Path, runs: Sequence[RunDir], trust: Sequence[str] = (), *, judging_sheets: bool = False
) -> Path:
    """Write `labels.html`, its figures and `labels.csv` to the folder of a k-fold sweep.

    Args:
        sweep: folder of the sweep.
        runs: its runs, every fold of one network or of several.
        trust: packages of data sets that the results may name.
        judging_sheets: also write the sheets of `akshar.report.judging`.

    Returns:
        Path of the page.

    Raises:
        UsageError: not a completed k-fold sweep on one data set, or the data has changed since.
    """
    data = _audited_data(sweep, runs, trust)
    assert data.train is not None
    audits = [(held_out_predictions(runs).audit("train"), data.train)]
    if data.test is not None and (test := tested_predictions(runs)):
        audits.append((test.audit("test"), data.test))
    if judging_sheets:
        write_judging_sheets(sweep, audits, data.card)
    judged = read_judgements(sweep)
    _write_list(sweep / "labels.csv", audits, judged)
    page = sweep / "labels.html"
    sections = [_section(sweep, audit, images, data.card, judged) for audit, images in audits]
    write_page(page, f"Doubtful labels: {data.name}", sections)
    return page


def _audited_data(sweep: Path, runs: Sequence[RunDir], trust: Sequence[str]) -> TrainTest:
    """Load the images of a k-fold sweep."""
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
    return data


def _write_list(path: Path, audits: Sequence[tuple[LabelAudit, ImageSet]], judged: Mapping[str, Judged]) -> None:
    """Write the doubtful labels of all parts, the most doubtful of each part first."""
    rows = []
    for audit, images in audits:
        for rank, label in enumerate(audit.doubtful, start=1):
            name = images.name_of(label.index)
            verdict = judged.get(f"{label.part}/{name}", "")
            classes = (images.classes[label.label], images.classes[label.predicted])
            rows.append(
                (rank, label.part, name, *classes, round(label.margin, 4), label.against, audit.networks, verdict)
            )
    write_csv(path, COLUMNS, rows)


def _section(
    sweep: Path, audit: LabelAudit, images: ImageSet, card: DatasetCard, judged: Mapping[str, Judged]
) -> Section:
    part, doubtful = audit.labels[0].part, audit.doubtful
    by = "the network" if audit.networks == 1 else f"{audit.networks} networks, on average,"
    name, which = (
        ("Training images", "that was not trained on it") if part == "train" else ("Test images", "of this sweep")
    )
    text = [
        f"{len(doubtful)} of {len(audit.labels):,} {name.lower()} are assigned to another class by {by} {which}. "
        "Those with the most doubtful labels come first; labels.csv lists all of them."
    ]
    if judged:
        flagged = {f"{part}/{images.name_of(label.index)}" for label in doubtful}
        here = {name: verdict for name, verdict in judged.items() if name.startswith(f"{part}/")}
        for kind, verdicts in (
            ("doubtful", [verdict for name, verdict in here.items() if name in flagged]),
            ("other", [verdict for name, verdict in here.items() if name not in flagged]),
        ):
            counts = ", ".join(
                f"{verdicts.count(verdict)} {verdict}" for verdict in ("wrong", "undecidable", "right")
            )
            text.append(f"Judged by eye, {len(verdicts)} {kind} labels: {counts}.")
    return Section(name, text, _draw_sheets(sweep, doubtful[:MAX_IMAGES], images, card))


def _draw_sheets(
    sweep: Path, doubtful: Sequence[AuditedLabel], images: ImageSet, card: DatasetCard
) -> list[tuple[Path, str]]:
    """Draw the images in sheets of `PER_SHEET`; return each file with its heading."""
    figures = []
    for start in range(0, len(doubtful), PER_SHEET):
        part = doubtful[start : start + PER_SHEET]
        tiles = [
            answer_tile(
                to_picture(images.pixels[label.index].numpy()),
                images.classes[label.label],
                images.classes[label.predicted],
                -label.margin,
                card,
            )
            for label in part
        ]
        heading = f"{start + 1} to {start + len(part)}: prediction (label), difference of their probabilities"
        path = sweep / f"labels-{part[0].part}-{start + 1}.png"
        save_picture(draw_tiles([(heading, tiles)], card), path)
        figures.append((path, heading))
    return figures
