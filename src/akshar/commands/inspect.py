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
    parser.add_argument("run", metavar="RUN", help="folder of a completed run, or of a completed k-fold sweep")
    parser.add_argument(
        "--judging-sheets",
        action="store_true",
        help="for a k-fold sweep: also draw the doubtful labels mixed with others, to be judged by eye",
    )
    add_trust(parser)
    args = parser.parse_args(arguments)
    path = Path(args.run).expanduser()
    if not path.is_dir():
        raise UsageError(f"{args.run}: no such folder; `akshar runs` lists the runs")
    refuse_links(path)
    check_folder(path, printable(args.run))
    run_dir = RunDir(path)
    from akshar.memory import keep_freed_memory  # imported late, as below: torch and matplotlib take seconds

    keep_freed_memory()
    if is_sweep(path) and not run_dir.config.exists():
        from akshar.report.label_page import write_label_audit

        written = write_label_audit(path, runs_of(path), args.trust, judging_sheets=args.judging_sheets)
    elif args.judging_sheets:
        raise UsageError(f"--judging-sheets: {args.run} is one run; a label audit needs a k-fold sweep")
    else:
        from akshar.report.run_report import write_report

        written = write_report(run_dir, args.trust)
        print(f"figures: {run_dir.figures}")
    print(f"report: {written}")
    return 0
