"""Judging labels by eye: sheets on which doubtful labels are mixed with others, and the judgements.

Whoever judges must not know which labels are in doubt, or the list would judge itself.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np

from akshar.data.card import DatasetCard
from akshar.data.image_set import ImageSet
from akshar.errors import UsageError
from akshar.files import printable
from akshar.plots.save import save_picture
from akshar.plots.tiles import Tile, draw_sheet, to_picture
from akshar.report.label_audit import AuditedLabel, LabelAudit
from akshar.tables import write_csv

Judged = Literal["wrong", "undecidable", "right"]

FOLDER, FILE = "judging", "judging.csv"
PER_SHEET, IN_A_ROW = 48, 8


def write_judging_sheets(
    sweep: Path, audits: Sequence[tuple[LabelAudit, ImageSet]], card: DatasetCard, seed: int = 1
) -> None:
    """Draw every doubtful label and as many others in random order, each with its number and label.

    `judging.csv` names the image behind each number; its column `judged` is to be filled in.

    Args:
        sweep: folder, in which `judging/` is made.
        audits: each part of the data set with its images.
        card: of the data set.
        seed: of the choice and the order.

    Raises:
        UsageError: there are judgements already.
    """
    folder = sweep / FOLDER
    if read_judgements(sweep):
        raise UsageError(f"{folder / FILE}: holds judgements already; move it away to begin again")
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(seed)
    chosen: list[tuple[AuditedLabel, ImageSet]] = []
    for audit, images in audits:
        count = len(audit.doubtful)
        others = random.choice(len(audit.labels) - count, min(count, len(audit.labels) - count), replace=False)
        chosen += [(label, images) for label in audit.doubtful]
        chosen += [(audit.labels[count + position], images) for position in others.tolist()]
    chosen = [chosen[position] for position in random.permutation(len(chosen)).tolist()]
    for start in range(0, len(chosen), PER_SHEET):
        tiles = [
            Tile(
                to_picture(images.pixels[label.index].numpy()),
                f"{number}\n{card.label_with_latin(images.classes[label.label])}",
            )
            for number, (label, images) in enumerate(chosen[start : start + PER_SHEET], start=start + 1)
        ]
        save_picture(
            draw_sheet([("", tiles)], card.font, IN_A_ROW), folder / f"sheet-{start // PER_SHEET + 1:02}.png"
        )
    rows = [
        (number, label.part, images.name_of(label.index), images.classes[label.label], "")
        for number, (label, images) in enumerate(chosen, start=1)
    ]
    write_csv(folder / FILE, ["number", "part", "file", "label", "judged"], rows)


def read_judgements(sweep: Path) -> Mapping[str, Judged]:
    """Read `judging.csv`, as far as it was filled in.

    Returns:
        "train/" or "test/" with the name of an image -> how its label was judged; empty without the file.

    Raises:
        UsageError: a judgement is another word.
    """
    path = sweep / FOLDER / FILE
    judged: dict[str, Judged] = {}
    if not path.exists():
        return judged
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            word = (row.get("judged") or "").strip()
            if word and word not in get_args(Judged):
                raise UsageError(
                    f"{path}: number {row.get('number')}: {printable(word)}: must be wrong, undecidable or right"
                )
            if word:
                judged[f"{row['part']}/{row['file']}"] = cast("Judged", word)
    return judged
