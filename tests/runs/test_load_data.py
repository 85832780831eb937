"""Images of a config, shared by the jobs of a sweep, and those that a result names."""

import pytest
from small_files import small_result

from akshar.config.schema import DataConfig
from akshar.devanagari.glyphs import Glyphs
from akshar.errors import UsageError
from akshar.runs.load_data import load_data, load_tested_data
from akshar.runs.result import DataResult

FRAMEWORK = {"batch_size": 8, "val_fraction": 0.1, "folds": None, "fold": 0, "split": "random", "split_seed": 1}
GLYPHS = {
    "_target_": "akshar.devanagari.glyphs.Glyphs",
    **{"subset": "digits", "train_per_class": 10, "test_per_class": 1},
}


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr("akshar.runs.load_data._loaded", {})


def data_config(**changed):
    return DataConfig.model_validate(GLYPHS | FRAMEWORK | changed)


def test_a_data_set_is_loaded_once_for_configs_that_differ_in_the_split():
    first = load_data(data_config())
    assert load_data(data_config(fold=0, split_seed=9, batch_size=3)) is first
    assert load_data(data_config(train_per_class=11)) is not first
    assert load_data(data_config()) is not first  # only the last one is kept


def test_arguments_that_the_data_set_refuses_are_reported():
    with pytest.raises(UsageError, match=r"^data: "):
        load_data(data_config(nonsense=1))


def named_by(digest, **changed):
    return small_result(
        config={"data": GLYPHS | FRAMEWORK | changed},
        data=DataResult(source="glyphs", classes=10, test=10, digest=digest),
    )


def test_the_images_of_a_result_are_those_of_its_digest():
    digest = Glyphs("digits", 10, 1).load().digest()
    assert load_tested_data("run", named_by(digest)).digest() == digest
    with pytest.raises(UsageError, match="run: its data has changed since; test it again with akshar test"):
        load_tested_data("run", named_by("other"))


def test_only_trusted_data_sets_are_built_from_a_result():
    with pytest.raises(UsageError, match=r"names os\.system, which no file may name"):
        load_tested_data("run", named_by("d", _target_="os.system"))
    with pytest.raises(UsageError, match="run: does not say where its images come from"):
        load_tested_data("run", small_result(config={}))
