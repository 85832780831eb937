"""The label audit of a k-fold sweep: training images whose label the networks that have not seen them doubt."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from akshar.errors import UsageError
from akshar.files import write_atomic
from akshar.runs.run_dir import RunDir

LISTED = 96  # images on the page; the list has all whose label loses
EACH = 24


def write_label_audit(sweep: Path, runs: Sequence[RunDir]) -> Path:
    """Makes `labels.html` and `labels.csv` in a sweep's folder.

    Args:
        sweep: the folder.
        runs: its runs, one a fold.

    Returns:
        The page.

    Raises:
        UsageError: it is no completed k-fold sweep of one data set, or the data is no longer what it was.
    """
    from akshar.devanagari.letters import DEVANAGARI
    from akshar.plots.errors import answer_tile, draw_tiles
    from akshar.report.label_audit import read_doubts
    from akshar.report.page import Section, write_page
    from akshar.runs.predictions import read_result
    from akshar.training.build import dataset_of  # which loads torch

    if not runs:
        raise UsageError(f"{sweep}: holds no runs")
    results = [read_result(run) for run in runs]
    if not all((result.get("config") or {}).get("data", {}).get("folds") for result in results):
        raise UsageError(
            f"{sweep}: is no k-fold sweep, which a label audit needs: akshar train -m sweep=kfold; "
            "for one of its runs: akshar inspect FOLDER/0"
        )
    if len({result["data"]["digest"] for result in results}) > 1:
        raise UsageError(f"{sweep}: its runs were trained on different data")
    card = DEVANAGARI  # card: from the data
    doubts, classes = read_doubts(runs)
    dataset = dataset_of(results[0]["config"])
    images = dataset.train
    if images is None or dataset.digest() != results[0]["data"]["digest"]:
        raise UsageError(f"{sweep}: its data is no longer what it was trained on")
    losing = [doubt for doubt in doubts if doubt.margin < 0]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["rank", "index", "file", "label", "likelier", "margin"])
    for rank, doubt in enumerate(losing, start=1):
        name = images.name_of(doubt.index)
        writer.writerow(
            [rank, doubt.index, name, classes[doubt.label], classes[doubt.likelier], f"{doubt.margin:.6f}"]
        )
    write_atomic(sweep / "labels.csv", text.getvalue().encode())
    figures = []
    for start in range(0, min(LISTED, len(losing)), EACH):
        part = losing[start : start + EACH]
        tiles = [
            answer_tile(images.pixels[d.index, 0].numpy(), classes[d.label], classes[d.likelier], -d.margin, card)
            for d in part
        ]
        path = sweep / f"labels-{start + 1}.png"
        heading = f"{start + 1} to {start + len(part)}: read as (label), by how much of the probability"
        draw_tiles([(heading, tiles)], card).save(path)
        figures.append((path, heading))
    page = sweep / "labels.html"
    summary = (
        f"{len(losing)} of {len(doubts):,} training images are read as something else by the network that has not "
        "seen them. At the top stand those whose label is doubted most; labels.csv lists all of them."
    )
    write_page(
        page, f"Labels in doubt: {results[0]['data']['source']}", [Section("Most doubted", [summary], figures)]
    )
    return page
