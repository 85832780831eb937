"""The images of a config, and those that a finished run was tested on."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from pytorch_lightning import LightningDataModule

from akshar.config.build import build
from akshar.config.lightning_targets import is_data_module
from akshar.config.schema import AnyDataConfig, DataConfig
from akshar.config.trusted import build_trusted, check_config
from akshar.data.dataset import PictureDataset
from akshar.data.exclude import leave_out
from akshar.data.image_set import TrainTest
from akshar.data.own_data_module import as_train_test
from akshar.errors import UsageError
from akshar.pictures.input_spec import InputSpec
from akshar.runs.result import Result

NOT_FROM_A_RECORD = ("url", "cache_dir")  # a result must not decide what is downloaded, or where files are written


def load_data(config: AnyDataConfig, spec: InputSpec | None = None) -> TrainTest:
    """Load the images that a config names; the jobs of a sweep share them.

    Args:
        config: of the data set.
        spec: of a trained network, as which pictures are prepared; None: as the config says.

    Raises:
        UsageError: the data set refuses its arguments.
        DataError: the images cannot be loaded.
    """
    exclude = config.exclude if isinstance(config, DataConfig) else None
    key = json.dumps([config.target, config.arguments, exclude, spec and spec.to_record()], sort_keys=True)

    def load() -> TrainTest:
        return load_images(build("data", config), spec, exclude)

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
    check_config(named, node, trust)
    framework_keys = () if is_data_module(node["_target_"]) else DataConfig.framework_keys
    left_out = {*framework_keys, *NOT_FROM_A_RECORD}
    arguments = {key: value for key, value in node.items() if key not in left_out}
    exclude = None if is_data_module(node["_target_"]) else node.get("exclude")
    data = _cached(
        json.dumps([arguments, exclude], sort_keys=True),
        lambda: load_images(build_trusted(named, arguments, trust), exclude=exclude),
    )
    if result.data.digest not in (None, data.digest()):
        raise UsageError(f"{named}: its data has changed since; test it again with akshar test")
    return data


def load_images(source: Any, spec: InputSpec | None = None, exclude: str | None = None) -> TrainTest:
    """Load the images of a data set, or the test images of a LightningDataModule of one's own.

    Args:
        source: the data set or data module.
        spec: as which pictures are prepared; None for as the data set says.
        exclude: list of images to leave out, see `leave_out`; None for none.
    """
    if isinstance(source, LightningDataModule):
        return as_train_test(source)
    data = (source.prepared_as(spec) if spec and isinstance(source, PictureDataset) else source).load()
    return leave_out(data, exclude) if exclude else data


_loaded: dict[str, TrainTest] = {}


def _cached(key: str, load: Callable[[], TrainTest]) -> TrainTest:
    """Keep the data set that was loaded last."""
    if key not in _loaded:
        _loaded.clear()
        _loaded[key] = load()
    return _loaded[key]
