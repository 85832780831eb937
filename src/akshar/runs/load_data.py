"""The images of a config, and those that a finished run was tested on."""

import json
from collections.abc import Callable, Sequence

from akshar.config.build import build
from akshar.config.schema import DataConfig
from akshar.config.trusted import build_trusted
from akshar.data.dataset import PictureDataset
from akshar.data.image_set import TrainTest
from akshar.errors import UsageError
from akshar.pictures.input_spec import InputSpec
from akshar.runs.result import Result

NOT_FROM_A_RECORD = ("url", "cache_dir")  # a result must not decide what is downloaded, or where files are written


def load_data(config: DataConfig, spec: InputSpec | None = None) -> TrainTest:
    """Load the images that a config names; the jobs of a sweep share them.

    Args:
        config: of the data set.
        spec: of a trained network, as which pictures are prepared; None: as the config says.

    Raises:
        UsageError: the data set refuses its arguments.
        DataError: the images cannot be loaded.
    """
    key = json.dumps([config.target, config.arguments, spec and spec.to_record()], sort_keys=True)

    def load() -> TrainTest:
        dataset = build("data", config)
        return (dataset.prepared_as(spec) if spec and isinstance(dataset, PictureDataset) else dataset).load()

    return _cached(key, load)


def load_tested_data(named: str, result: Result, trust: Sequence[str] = ()) -> TrainTest:
    """Load the images that a run used, unchanged since.

    The result may come from someone else, so only trusted data sets are built from it.

    Args:
        named: the run, for messages.
        result: of the run.
        trust: packages of the user's own.

    Raises:
        UsageError: the result names a data set that is not trusted, or the images have changed.
        DataError: the images cannot be loaded.
    """
    node = result.config.get("data")
    if not isinstance(node, dict) or "_target_" not in node:
        raise UsageError(f"{named}: does not say where its images come from")
    left_out = {*DataConfig.framework_keys, *NOT_FROM_A_RECORD}
    arguments = {key: value for key, value in node.items() if key not in left_out}
    data = _cached(json.dumps(arguments, sort_keys=True), lambda: build_trusted(named, arguments, trust).load())
    if data.digest() != result.data.digest:
        raise UsageError(f"{named}: its data has changed since; test it again with akshar test")
    return data


_loaded: dict[str, TrainTest] = {}


def _cached(key: str, load: Callable[[], TrainTest]) -> TrainTest:
    """Keep the data set that was loaded last."""
    if key not in _loaded:
        _loaded.clear()
        _loaded[key] = load()
    return _loaded[key]
