"""Compares the list of a label audit with what cleanlab's confident learning lists for the same predictions.

pip install cleanlab
python -m akshar.benchmarks.second_opinion outputs/multirun/SWEEP ...
"""

import argparse
from importlib import import_module
from pathlib import Path

from akshar.report.label_audit import MeanPredictions, Part, held_out_predictions, tested_predictions
from akshar.sweeps.sweep_dir import runs_of


def main() -> None:
    """Print how long both lists are and how much they share."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweeps", type=Path, nargs="+", help="folders of k-fold sweeps")
    args = parser.parse_args()
    try:
        find_label_issues = import_module("cleanlab.filter").find_label_issues
    except ImportError:
        parser.error("cleanlab is not installed: pip install cleanlab")
    runs = [run for sweep in args.sweeps for run in runs_of(sweep)]
    audited: list[tuple[Part, MeanPredictions | None]] = [
        ("train", held_out_predictions(runs)),
        ("test", tested_predictions(runs)),
    ]
    for part, predictions in audited:
        if predictions is None:
            continue
        ours = {label.index for label in predictions.audit(part).doubtful}
        theirs = {*find_label_issues(predictions.labels, predictions.probabilities).nonzero()[0].tolist()}
        print(f"{part}: {len(ours)} doubtful here, {len(theirs)} by cleanlab, {len(ours & theirs)} in both lists")


if __name__ == "__main__":
    main()
