"""The hash of a config changes with what decides a result, and with nothing else."""

from collections.abc import Iterator

import pytest

from akshar.config.compose import compose, composing
from akshar.config.config_hash import config_hash
from akshar.config.schema import TrainConfig


@pytest.fixture(scope="module", autouse=True)
def hydra() -> Iterator[None]:
    with composing("train"):
        yield


def hashed(*overrides, data="d", init=None):
    return config_hash(compose("train", overrides, TrainConfig).config, data, init)


def test_it_is_twelve_hexadecimal_digits():
    assert len(hashed()) == 12
    assert int(hashed(), 16) >= 0


@pytest.mark.parametrize(
    "override",
    [
        *("name=x", "logger=none", "traceback=true", "test=false", "checkpoint.every_n_steps=5"),
        *(
            "chance_warning_epochs=9",
            "logger=[csv,tensorboard]",
            "trainer.log_every_n_steps=7",
            "init_from=/x.ckpt",
            "data.cache_dir=/x",
            "data.archive=/x",
            "data.url=x",
        ),
    ],
)
def test_names_places_and_what_is_shown_do_not_change_it(override):
    assert hashed(override) == hashed()


@pytest.mark.parametrize(
    "override",
    [
        *("seed=2", "optimizer.lr=0.1", "data.subset=digits", "data.batch_size=8", "model.widths=[8,8,8]"),
        *("augment=none", "trainer.max_epochs=3", "deterministic=true", "monitor=accuracy/val"),
        *("metrics=f1", "monitor_mode=max", "loss.label_smoothing=0.1", "loss.weight=balanced", "loss=focal"),
        *("freeze=[features]", "lr_factors={classifier:2}"),
    ],
)
def test_what_decides_a_result_changes_it(override):
    assert hashed(override) != hashed()


def test_a_config_of_an_earlier_version_has_the_hash_that_it_had():
    """So that a sweep goes on after an upgrade."""
    assert hashed("data=glyphs") == "df91fddbb1b7"
    assert hashed("experiment=quickstart") == "4debdbf51f0a"


def test_the_images_and_the_first_weights_change_it():
    assert len({hashed(), hashed(data="e"), hashed(init="w"), hashed(init="v")}) == 4
