"""`akshar inspect RUN`: write the report on a run, or for a k-fold sweep the audit of its labels."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from akshar.commands.arguments import add_trust
from akshar.errors import UsageError
from akshar.files import printable
from akshar.runs.run_dir import RunDir
from akshar.sweeps.sweep_dir import is_sweep, runs_of
from akshar.untrusted import refuse_links
from akshar.writable import check_folder


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: what follows `akshar inspect`.

    Returns:
        0.
    """
    parser = argparse.ArgumentParser(prog="akshar inspect", description=__doc__)
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="folder of a completed run, or of one or more completed k-fold sweeps on the same images",
    )
    parser.add_argument(
        "--judging-sheets",
        action="store_true",
        help="for a k-fold sweep: also draw the doubtful labels mixed with others, to be judged by eye",
    )
    add_trust(parser)
    args = parser.parse_args(arguments)
    paths = [Path(named).expanduser() for named in args.runs]
    for path, named in zip(paths, args.runs, strict=True):
        if not path.is_dir():
            raise UsageError(f"{named}: no such folder; `akshar runs` lists the runs")
        refuse_links(path)
    path = paths[0]
    check_folder(path, printable(args.runs[0]))
    run_dir = RunDir(path)
    from akshar.memory import keep_freed_memory  # imported late, as below: torch and matplotlib take seconds

    keep_freed_memory()
    if all(is_sweep(path) and not RunDir(path).config.exists() for path in paths):
        from akshar.report.label_page import write_label_audit

        written = write_label_audit(
            path, [run for path in paths for run in runs_of(path)], args.trust, judging_sheets=args.judging_sheets
        )
    elif len(paths) > 1 or args.judging_sheets:
        raise UsageError(
            "a label audit needs k-fold sweeps, made by: akshar train -m sweep=kfold; inspect runs singly"
        )
    else:
        from akshar.report.run_report import write_report

        written = write_report(run_dir, args.trust)
        print(f"figures: {run_dir.figures}")
    print(f"report: {written}")
    return 0
