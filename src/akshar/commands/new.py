"""`akshar new my-project`: make a small project with a data set, a network and a metric of its own."""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from akshar.files import printable
from akshar.new_project import make_project

MADE = """\
made {folder}: a data set, a network, a metric, their configs and tests

  cd {quoted}
  pip install -e '.[dev]'           makes its package importable
  akshar train experiment=shapes    draws shapes, learns to tell them apart and tests that: some seconds
  pytest

README.md says where to go from there.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: what follows `akshar new`.

    Returns:
        0.
    """
    parser = argparse.ArgumentParser(prog="akshar new", description=__doc__)
    parser.add_argument("folder", metavar="FOLDER", help="folder to make; its name is the project's, as my-project")
    folder = parser.parse_args(arguments).folder
    make_project(Path(folder))
    print(MADE.format(folder=printable(folder), quoted=shlex.quote(printable(Path(folder).expanduser()))), end="")
    return 0
