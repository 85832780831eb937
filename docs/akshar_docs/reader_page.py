"""The reader inside the site: the folder of `akshar export letters58 --format web`, and the frame that shows it."""

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from akshar.cli import main
from akshar.errors import AksharError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDER = "reader"  # in the site
FRAME = (
    f'<iframe class="reader" src="{FOLDER}/index.html" title="Write a character, and see it read"></iframe>\n'
    f'<p><a href="{FOLDER}/index.html">Open the page alone</a></p>'
)


def reader_frame() -> str:
    """Return the Markdown that shows the page."""
    return FRAME


def write_reader(app: "Sphinx", failure: Exception | None) -> None:
    """Export the page into the site.

    Raises:
        AksharError: it could not be made; the message on the terminal says why.
    """
    if failure is not None or app.builder.format != "html":
        return
    with redirect_stdout(io.StringIO()):
        status = main(["export", "letters58", "--format", "web", "--output", str(Path(app.outdir) / FOLDER)])
    if status:
        raise AksharError("docs: the reader's page could not be exported")
