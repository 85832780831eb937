"""A CSV file of image files and their labels."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from akshar.data.cache import fingerprint
from akshar.data.folder import natural, number_in
from akshar.data.pictures import Pictures
from akshar.data.survey import Listing, positions_in_groups, unreadable
from akshar.errors import DataError
from akshar.files import printable

NEEDED, SPLIT = ("file", "label"), "split"
PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Row:
    """One line of the file.

    Attributes:
        number: of the line, counted from 1.
        file: as written.
        label: class name.
        split: "train", "val" or "test".
    """

    number: int
    file: str
    label: str
    split: str

    def problem(self, path: Path) -> str | None:
        """What is wrong with the line alone; None where nothing is."""
        if not self.file:
            return "file is empty"
        if not self.label:
            return "label is empty"
        if self.split not in PARTS:
            return f"split={printable(self.split)}: must be train, val or test"
        return None if path.is_file() else f"{printable(self.file)}: no such file"


@dataclass(frozen=True, kw_only=True)
class CsvFile(Pictures):
    """Columns `file` and `label`, and perhaps `split` with train, val and test.

    Attributes:
        file: the CSV, UTF-8 with a header; files in it are relative to its folder.
    """

    file: Annotated[str, Field(min_length=1)]

    def listing(self) -> Listing:
        """List the files; see `Pictures.listing`."""
        table = Path(self.file).expanduser()
        rows = self._rows(table)
        classes = tuple(sorted({row.label for row in rows}, key=natural))
        self._check_classes(table, rows, classes)
        label_of = {name: label for label, name in enumerate(classes)}
        rows.sort(key=lambda row: (PARTS.index(row.split), label_of[row.label]))
        files = [table.parent / row.file for row in rows]
        labels, splits = np.array([label_of[row.label] for row in rows]), np.array([row.split for row in rows])
        positions = positions_in_groups(labels * len(PARTS) + [PARTS.index(split) for split in splits])
        return Listing(
            files,
            labels,
            np.array([number_in(path, position) for path, position in zip(files, positions.tolist(), strict=True)]),
            classes,
            tuple(row.file for row in rows),
            {part: np.flatnonzero(splits == part) for part in PARTS if part in splits},
            fingerprint(files, [(row.label, row.split) for row in rows]),
        )

    def _rows(self, table: Path) -> list[Row]:
        """Read the lines.

        Raises:
            DataError: the file or a column is missing, or lines are wrong; each line is named.
        """
        try:
            with table.open(encoding="utf-8-sig", newline="") as file:
                rows = list(self._parsed(csv.DictReader(file)))
        except OSError as error:
            raise DataError(f"data.file={self.file}: cannot be read ({error.strerror})") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"data.file={self.file}: not a CSV file in UTF-8 ({error})") from error
        if not rows:
            raise DataError(f"data.file={self.file}: holds no images")
        problems = []
        first: dict[str, int] = {}
        for row in rows:
            problem = row.problem(table.parent / row.file)
            if problem is None and row.file in first:
                problem = f"{printable(row.file)}: is listed in line {first[row.file]} already"
            first.setdefault(row.file, row.number)
            if problem:
                problems.append(f"{table}:{row.number}: {problem}")
        if problems:
            raise unreadable(problems)
        return rows

    def _parsed(self, reader: csv.DictReader) -> Iterator[Row]:
        columns = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = columns
        found = ", ".join(columns) or "nothing"
        for name in NEEDED:
            if name not in columns:
                raise DataError(f"data.file={self.file}: has no column {name} in its first line; it has {found}")
        unknown = [name for name in columns if name not in (*NEEDED, SPLIT)]
        if unknown or len({*columns}) < len(columns):
            raise DataError(
                f"data.file={self.file}: its columns are {found}; must be file, label and perhaps split, once each"
            )
        for values in reader:
            cells = {name: (values.get(name) or "").strip() for name in (*NEEDED, SPLIT)}
            if None in values:
                raise DataError(f"{self.file}:{reader.line_num}: more values than columns")
            yield Row(reader.line_num, **cells | ({} if SPLIT in columns else {SPLIT: "train"}))

    def _check_classes(self, table: Path, rows: list[Row], classes: tuple[str, ...]) -> None:
        """Refuse a part that lacks a class, and validation images without training images.

        Raises:
            DataError: naming part and classes.
        """
        splits = {row.split for row in rows}
        if "val" in splits and "train" not in splits:
            raise DataError(f"{table}: has images in split val but none in split train")
        for part in PARTS:
            labels = {row.label for row in rows if row.split == part}
            if labels and (missing := [name for name in classes if name not in labels]):
                raise DataError(f"{table}: no images of {', '.join(map(printable, missing))} in split {part}")
