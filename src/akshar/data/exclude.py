"""Leaving out images that a list names, as those whose label was found to be wrong."""

import csv
from dataclasses import replace
from pathlib import Path

import torch

from akshar.data.image_set import ImageSet, TrainTest
from akshar.errors import DataError
from akshar.files import printable

NEEDED, JUDGED = ("part", "file"), "judged"
PARTS = ("train", "test")


def leave_out(data: TrainTest, listed: str) -> TrainTest:
    """Leave out the images that a CSV file lists.

    Args:
        data: all images.
        listed: path of the file, UTF-8 with a header: `part` is train or test, `file` an image as
            `ImageSet.name_of` names it; with a column `judged`, rows that say "right" stay in.

    Raises:
        DataError: the file cannot be read, or names an image that the data does not have.
    """
    names = _read(listed)
    changed: dict[str, ImageSet] = {}
    kept: dict[str, torch.Tensor] = {}
    for part in PARTS:
        images: ImageSet | None = getattr(data, part)
        if images is None or not names[part]:
            continue
        position_of = {images.name_of(position): position for position in range(len(images))}
        if unknown := sorted(names[part] - position_of.keys()):
            raise DataError(
                f"data.exclude={listed}: {data.name} has no {part} image {printable(unknown[0])}; "
                f"{len(names[part]) - len(unknown)} of the {len(names[part])} listed are known"
            )
        kept[part] = torch.ones(len(images), dtype=torch.bool)
        kept[part][[position_of[name] for name in names[part]]] = False
        changed[part] = images.part(kept[part])
    positions = data.val_positions
    if positions is not None and "train" in kept:
        renumbered = kept["train"].cumsum(0) - 1
        positions = renumbered[positions[kept["train"][positions]]]
    return replace(data, **changed, val_positions=positions)


def _read(listed: str) -> dict[str, set[str]]:
    """Names of the images to leave out, by part."""
    names: dict[str, set[str]] = {part: set() for part in PARTS}
    try:
        with Path(listed).expanduser().open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := [name for name in NEEDED if name not in (rows.fieldnames or ())]:
                raise DataError(f"data.exclude={listed}: has no column {missing[0]} in its first line")
            for row in rows:
                if row["part"] not in PARTS:
                    raise DataError(
                        f"data.exclude={listed}:{rows.line_num}: part={printable(row['part'] or '')}: "
                        "must be train or test"
                    )
                if row.get(JUDGED) != "right":
                    names[row["part"]].add(row["file"] or "")
    except OSError as error:
        raise DataError(f"data.exclude={listed}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"data.exclude={listed}: not a CSV file in UTF-8 ({error})") from error
    return names
