"""Reference of the commands: what each prints with `--help`."""

import io
import os
from contextlib import contextmanager, redirect_stdout

from akshar.cli import main
from akshar.commands import COMMANDS

WIDTH = "72"  # columns, to which argparse wraps lines; a page has no more


def command_reference() -> str:
    """Return a section for each command."""
    titles = {"--help": "akshar"} | {command: f"akshar {command}" for command in COMMANDS}
    return "\n\n".join(f"## {title}\n\n```text\n{help_text(command)}```" for command, title in titles.items())


def help_text(command: str) -> str:
    """Return what `akshar COMMAND --help` prints.

    Raises:
        RuntimeError: it printed nothing.
    """
    words = ["--help"] if command == "--help" else [command, "--help"]
    with _columns(WIDTH), redirect_stdout(io.StringIO()) as printed:
        code = main(words)
    if code or not printed.getvalue():
        raise RuntimeError(f"akshar {' '.join(words)}: exit code {code}, nothing printed")
    return printed.getvalue()


@contextmanager
def _columns(width: str):
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = width
    try:
        yield
    finally:
        del os.environ["COLUMNS"]
        if before is not None:
            os.environ["COLUMNS"] = before
