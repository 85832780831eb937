"""`akshar sweep FOLDER`: the table of a sweep, from the folders of its runs."""

import argparse
from collections.abc import Sequence

from akshar.files import printable
from akshar.sweeps.summary import summarise
from akshar.sweeps.sweep_dir import find_sweep
from akshar.writable import check_folder


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: what follows `akshar sweep`.

    Returns:
        The exit code: 0, or 1 if a run failed or was stopped.
    """
    parser = argparse.ArgumentParser(prog="akshar sweep", description=__doc__)
    parser.add_argument("folder", metavar="FOLDER", help="folder of a sweep, or latest")
    parser.add_argument("--watch", action="store_true", help="show how the jobs stand until all have ended")
    args = parser.parse_args(arguments)
    sweep = find_sweep(args.folder)
    if args.watch:  # which writes nothing
        from akshar.sweeps.watch import watch  # imports rich

        watch(sweep)
    check_folder(sweep, printable(sweep))
    return summarise(sweep)
