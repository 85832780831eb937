"""The models that a benchmark of reading compares, named on its command line."""

import argparse

from akshar.errors import UsageError
from akshar.memory import keep_freed_memory
from akshar.reader.reader import Reader, load


def load_models(parser: argparse.ArgumentParser) -> tuple[argparse.Namespace, list[Reader]]:
    """Parse a command line that names models, and load them; an unusable one ends the command."""
    parser.add_argument("models", metavar="MODEL", nargs="+", help="a run's folder, a checkpoint, an exported file")
    args = parser.parse_args()
    keep_freed_memory()
    try:
        return args, [load(model, threshold=0) for model in args.models]
    except UsageError as error:
        parser.error(str(error))
