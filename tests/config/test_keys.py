"""Dotted keys: listing, suggesting and flattening."""

from akshar.config.keys import all_keys, did_you_mean, differing_keys, flatten

CONFIG = {"seed": 1, "data": {"_target_": "a.b.Folder", "root": "x", "batch_size": 8}, "callbacks": {}}


def test_all_keys_are_listed_except_one_and_those_below_it():
    assert all_keys(CONFIG) == ["seed", "data", "data._target_", "data.root", "data.batch_size", "callbacks"]
    assert all_keys(CONFIG, without="data") == ["seed", "callbacks"]
    assert "data.root" not in all_keys(CONFIG, without="data.root")


def test_a_near_key_is_suggested_and_a_far_one_is_not():
    assert did_you_mean("data.batchsize", all_keys(CONFIG)) == "; did you mean data.batch_size?"
    assert did_you_mean("dta.root", all_keys(CONFIG)) == "; did you mean data.root?"
    assert did_you_mean("zzz", all_keys(CONFIG)) == ""


def test_a_section_that_two_keys_share_does_not_make_them_near():
    assert did_you_mean("trainer.fast_dev_run", ["trainer", "trainer.devices", "trainer.max_epochs"]) == ""


def test_a_flat_config_has_plain_values_and_no_places():
    assert flatten(CONFIG) == {"seed": 1, "data": "Folder", "data.root": "x", "data.batch_size": 8}
    flat = flatten(
        {"data": {"archive": "/home/x", "cache_dir": None}, "traceback": True, "lr": None, "widths": [1]}
    )
    assert flat == {"lr": "None", "widths": "[1]"}


def test_keys_that_differ_between_several_configs_are_listed_once():
    first = {
        "name": "a",
        "seed": 1,
        "model": {"_target_": "a.Net", "width": 8},
        "logger": {"x": 1},
        "scheduler": None,
    }
    second = {
        "name": "b",
        "seed": 1,
        "model": {"_target_": "b.Net"},
        "logger": None,
        "scheduler": {"_target_": "c.S"},
    }
    third = first | {"seed": 2}
    assert differing_keys([first, second, third]) == {
        "model._target_": ("a.Net", "b.Net", "a.Net"),
        "model.width": (8, None, 8),
        "scheduler._target_": (None, "c.S", None),
        "seed": (1, 1, 2),
    }
    assert differing_keys([first, first]) == {}
