"""Keys and targets of earlier versions are read under today's names, with one warning each."""

import logging

import pytest

from akshar.config.compose import compose, composing
from akshar.config.schema import TrainConfig
from akshar.config.static_signature import signature
from akshar.renamed import KEYS, TARGETS, TENSORBOARD, rename_overrides, upgrade_config


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((f"{old}=1", f"{new}=1") for old, new in KEYS.items()),
        ("augment.hand.rotation=3", "augment.geometric.rotation=3"),
        ("+augment.hand.rotation=3", "+augment.geometric.rotation=3"),
        ("~augment.grain", "~augment.photometric"),
        ("data.source.subset=digits", "data.subset=digits"),
        ("data.source.seed=2", "data.glyph_seed=2"),
    ],
)
def test_an_old_key_is_renamed_with_a_warning(old, new, caplog):
    with caplog.at_level(logging.WARNING):
        assert rename_overrides([old]) == [new]
    assert "the old name will stop working in a later version" in caplog.text


@pytest.mark.parametrize("word", ["seed=1", "augment.handle=1", "optimizer=sgd", "quickstart", "data.sources=1"])
def test_other_words_are_left_alone(word, caplog):
    assert rename_overrides([word]) == [word]
    assert not caplog.records


def test_a_config_of_version_0_1_comes_to_today_s_form(caplog):
    old = {
        "dead_after": 3,
        "label_smoothing": 0.1,
        "data": {
            "batch_size": 8,
            "cache_dir": "/c",
            "subset": "all",
            "source": {"_target_": "akshar.data.glyphs.Glyphs", "subset": "digits", "seed": 4, "cache_dir": None},
        },
        "augment": {"_target_": "akshar.data.robust.Robust", "hand": {"rotation": 1}, "reframed_by": 2},
    }
    new = upgrade_config(old)
    assert new == {
        "chance_warning_epochs": 3,
        "loss": {"_target_": "torch.nn.CrossEntropyLoss", "label_smoothing": 0.1},
        "data": {
            "batch_size": 8,
            "_target_": "akshar.devanagari.glyphs.Glyphs",
            "subset": "digits",
            "glyph_seed": 4,
            "cache_dir": None,
        },
        "augment": {
            "_target_": "akshar.devanagari.robust.Robust",
            "geometric": {"rotation": 1},
            "recrop_jitter": 2,
        },
    }
    assert "source" in old["data"]  # the input is left as it was
    assert "hand" in old["augment"]
    assert upgrade_config(new, warn=False) == new


def test_a_folder_s_input_spec_is_keys_of_its_own():
    folder = {"_target_": "akshar.data.folder.Folder", "root": "my", "batch_size": 8}
    spec = {"channels": 1, "height": 32, "width": 24, "polarity": "light on dark", "framing": "ink", "border": 2}
    spec |= {"_target_": "akshar.pictures.input_spec.InputSpec", "mean": 0.5, "std": 0.4}
    flat = {"channels": 1, "size": [32, 24], "polarity": "light on dark", "framing": "ink", "border": 2}
    flat |= {"mean": 0.5, "std": 0.4}
    assert upgrade_config({"data": folder | {"input_spec": spec}}) == {"data": folder | flat}
    assert upgrade_config({"data": folder | flat}) == {"data": folder | flat}
    for other in (folder | {"input_spec": {"_target_": "torch.hub.load", "model": "x"}}, {"input_spec": spec}):
        assert upgrade_config({"data": other}) == {"data": other}


def test_smoothing_of_one_s_own_experiment_goes_to_the_chosen_loss():
    loss = {"_target_": "my.Loss", "label_smoothing": 0.0}
    upgraded = upgrade_config({"label_smoothing": 0.2, "loss": loss}, warn=False)
    assert upgraded == {"loss": {"_target_": "my.Loss", "label_smoothing": 0.2}}
    assert loss["label_smoothing"] == 0.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("logger.tensorboard=false", ["++logger.tensorboard=null"], "is written logger=none now"),
        (
            "logger.tensorboard=True",
            [f"++logger.tensorboard._target_={TENSORBOARD}"],
            "is written logger=tensorboard",
        ),
        ("logger.csv=false", [], "history.csv is always written; leave it out"),
    ],
)
def test_switches_of_loggers_become_parts_with_a_warning(old, new, message, caplog):
    assert rename_overrides([old]) == new
    (record,) = caplog.records
    assert message in record.getMessage()
    with composing("train"):
        config = compose("train", [*new, "logger=none"] if "True" in old else new, TrainConfig).config
    assert [name for name, part in config.logger.items() if part] == (
        [] if "null" in "".join(new) else ["tensorboard"]
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"tensorboard": True, "csv": True}, {"tensorboard": {"_target_": TENSORBOARD}}),
        ({"tensorboard": False, "csv": True}, {}),
        ({}, {}),
        ({"csv": {"_target_": "x"}}, {"csv": {"_target_": "x"}}),
    ],
)
def test_loggers_of_earlier_configs_become_parts(old, new, caplog):
    assert upgrade_config({"logger": old}) == {"logger": new}
    assert len(caplog.records) == bool(old != new)
    signature(TENSORBOARD)  # it exists


def test_old_targets_lead_to_today_s():
    for old, new in TARGETS.items():
        assert upgrade_config({"data": {"_target_": old}})["data"]["_target_"] == new
        signature(new)  # it exists
