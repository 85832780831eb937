"""Where the shipped configs are."""

from pathlib import Path


def conf_dir() -> Path:
    """`conf/` of the checkout for an editable install, in the package for a wheel."""
    package = Path(__file__).parents[1]
    checkout = package.parents[1] / "conf"
    return checkout if (checkout / "train.yaml").exists() else package / "conf"
