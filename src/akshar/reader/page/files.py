"""The page's files: one page, read by a server (`akshar draw`) or in the browser (`akshar export --format web`)."""

import html
from pathlib import Path
from typing import Literal

from akshar.pictures.text import font_files

STATIC = Path(__file__).parent / "static"
FONT = "fontpkg_mukta"  # the page's typeface: Devanagari and Latin designed together
WEIGHTS = ("Regular", "SemiBold")


def page_html(subject: str, reader: Literal["server", "browser"], takes: Literal["pictures", "drawings"]) -> str:
    """Fill in the page.

    Args:
        subject: what a picture shows, e.g. "Devanagari character".
        reader: who reads.
        takes: pictures too, or drawings alone.
    """
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    for name, value in {"subject": subject, "reader": reader, "takes": takes}.items():
        page = page.replace(f"{{{name}}}", html.escape(value))
    return page


def fonts() -> dict[str, Path]:
    """Files of the page's fonts by their weight."""
    paths = {path.stem.rpartition("-")[2]: path for path in font_files(FONT)}
    return {weight: paths[weight] for weight in WEIGHTS}
