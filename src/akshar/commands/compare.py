"""`akshar compare RUN_A RUN_B ...`: compare runs image by image on the same test images.

Each later run is compared with the first: difference in accuracy, McNemar's test, and the images that only one of
them predicts correctly. The comparison is about these networks as they are; `akshar train -m sweep=seeds` shows how
much results vary between seeds.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from akshar.commands.arguments import add_trust
from akshar.config.run_name import new_run_name
from akshar.errors import UsageError
from akshar.files import printable
from akshar.report.comparison import compare
from akshar.report.comparison_output import print_comparison, write_comparison
from akshar.runs.predictions import read_predictions
from akshar.runs.run_dir import RunDir
from akshar.writable import check_folder


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: what follows `akshar compare`.

    Returns:
        0.
    """
    args = _parser().parse_args(arguments)
    run_dirs = _distinct_runs(args.runs)
    out = Path(args.out).expanduser() if args.out else Path("outputs", "compare", new_run_name())
    check_folder(out, f"--out {printable(out)}")
    predictions = [read_predictions(run_dir.path) for run_dir in run_dirs]
    comparison = compare(run_dirs, predictions)
    sheet = write_comparison(comparison, predictions, out, args.trust)
    print_comparison(comparison, predictions[0].card)
    print(sheet)
    print(f"all metrics: {RunDir(out)}/compare.json, all images on which the runs differ: compare.csv beside it")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="akshar compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help="folders of runs of `train` or `test`")
    parser.add_argument("--out", metavar="FOLDER", help="folder for the results (default: outputs/compare/...)")
    add_trust(parser)
    return parser


def _distinct_runs(names: Sequence[str]) -> list[RunDir]:
    if len(names) < 2:
        given = f"only {names[0]} was named" if names else "none was named"
        raise UsageError(f"compare: needs at least two runs, but {given}")
    seen: dict[Path, str] = {}
    for name in names:
        path = Path(name).expanduser().resolve()
        if path in seen:
            raise UsageError(f"{seen[path]} and {name}: the same run")
        seen[path] = name
    return [RunDir(Path(name).expanduser()) for name in names]
