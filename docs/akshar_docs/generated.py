"""Sphinx extension: completes the Markdown of a page before it is read.

`<!-- generated: config -->` marks the place of something generated; GitHub does not show the comment.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from akshar_docs.command_reference import command_reference
from akshar_docs.config_reference import config_reference
from akshar_docs.navigation import LISTS, toctrees
from akshar_docs.reader_page import reader_frame, write_reader
from akshar_docs.repository_files import link_pages, repository_page
from akshar_docs.result_reference import result_reference
from akshar_docs.rooms_picture import rooms_picture

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parents[1]
PLACE = re.compile(r"^<!-- generated: (\S+) -->$", re.MULTILINE)
GENERATORS: dict[str, Callable[[], str]] = {
    "config": config_reference,
    "commands": command_reference,
    "result": result_reference,
    "rooms": rooms_picture,
    "reader": reader_frame,
}


def complete(page: str, text: str) -> str:
    """Return the whole Markdown of a page.

    Args:
        page: its path in `docs/`, without `.md`.
        text: of its file.

    Raises:
        KeyError: a comment names nothing that can be generated.
    """
    folder = (DOCS / page).parent
    text = PLACE.sub(lambda match: _generate(match[1], folder), text)
    text = link_pages(text, folder)
    return text + toctrees(text) if page in LISTS else text


def _generate(name: str, folder: Path) -> str:
    if name.endswith(".md"):
        return repository_page(name, folder)
    return GENERATORS[name]()


def setup(app: "Sphinx") -> dict[str, bool]:
    """Connect the extension."""

    def read(_: "Sphinx", page: str, source: list[str]) -> None:
        source[0] = complete(page, source[0])

    app.connect("source-read", read)
    app.connect("build-finished", write_reader)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
