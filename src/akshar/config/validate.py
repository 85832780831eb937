"""All that can be found wrong with a config before anything is loaded; a sweep asks for every job."""

from typing import Any

from akshar.config.schema import config_problems
from akshar.data.dataset_size import dataset_size


def find_problems(settings: dict[str, Any]) -> list[str]:
    """A line for each, beginning with the key; empty when the run can begin.

    Args:
        settings: a composed and resolved config, plain values.
    """
    return config_problems(settings) or _size_problems(settings["data"])


def _size_problems(data: dict[str, Any]) -> list[str]:
    expected = dataset_size(data["source"])
    if expected is None or data["split"] != "random":  # blocks are cut when the images are there
        return []
    count = expected.training(data["val_fraction"], data["folds"], data["fold"])
    if data["batch_size"] > count:
        return [
            f"data.batch_size={data['batch_size']}: more than the {count} training images; choose {count} or less"
        ]
    return []
