"""Where the shipped configs are."""

from pathlib import Path


def config_folder() -> Path:
    """`conf/` of the checkout for an editable install, in the package for a wheel."""
    package = Path(__file__).parent
    checkout = package.parents[1] / "conf"
    return checkout if (checkout / "train.yaml").exists() else package / "conf"
