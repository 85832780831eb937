"""The pages made from the code: nothing is missing, and everything has a meaning."""

import re

import pytest
import yaml

from akshar.commands import COMMANDS
from akshar.config.conf_dir import conf_dir
from akshar.config.groups import COMBINATIONS, NAMED, PARTS
from akshar_docs.command_reference import command_reference, help_text
from akshar_docs.config_keys import leaves
from akshar_docs.config_reference import config_reference
from akshar_docs.result_reference import records, result_reference

CONFIG = config_reference()
ENTRIES = dict(re.findall(r"````\{confval\} (\S+)\n(.*?)\n````", CONFIG, re.DOTALL))
WITHOUT_KEYS = ("_target_", "_recursive_", "defaults")


def keys_of_files():
    """Every dotted key that the YAML files name, from the files alone."""
    for name in ("train", "test"):
        yield from leaves(yaml.safe_load((conf_dir() / f"{name}.yaml").read_text(encoding="utf-8")))
    for group in (*PARTS, "hydra/launcher", "hydra/sweeper"):
        for path in (conf_dir() / group).glob("*.yaml"):
            values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            if group in NAMED:
                inner = [(f"{name}.{key}", one) for name, part in values.items() for key, one in part.items()]
            else:
                inner = leaves({key: value for key, value in values.items() if key != "defaults"})
            yield from ((f"{group.replace('/', '.')}.{key}", value) for key, value in inner)


def test_every_key_of_the_files_is_in_the_config_reference():
    keys = {key for key, _ in keys_of_files() if key.rpartition(".")[2] not in WITHOUT_KEYS}
    assert len(keys) > 130
    # `card` is a part in `base_pictures.yaml`, of which other files change single keys
    assert {key for key in keys if not key.startswith("data.card.")} <= ENTRIES.keys()


def test_every_key_of_the_files_has_a_meaning():
    bare = [key for key, body in ENTRIES.items() if not re.sub(r":(type|default|no-\S+):.*", "", body).strip()]
    listed = {key for key, _ in keys_of_files()}
    assert sorted(listed.intersection(bare)) == []


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        ("data.batch_size", ["integer from 1", "`256`", "Training images per step"]),
        ("monitor_mode", ["`min`, `max`, or `auto`", "`auto`"]),
        ("optimizer.lr", ["- With `muon` (number above 0, default `0.02`): Learning rate"]),
        ("callbacks.ema.decay", ["number from 0 to 1", "`0.998`"]),
        ("hydra.sweeper.search.trials", ["integer from 1", "`20`"]),
        ("data.root", ["none, it must be given", "With `characters`"]),
        ("trainer.fast_dev_run", ["`false`", "Other values are refused"]),
        ("model.in_channels", ["`1` (`tutorial`)", "set by akshar (`compact`, `separable`)"]),
        ("augment.stretch", ["`[1.0, 1.0]` (`affine`, `none`, `tutorial`)", "Range of the aspect ratio"]),
        ("checkpoint.every_n_minutes", ["and also within an epoch: after this many minutes"]),
    ],
)
def test_an_entry_has_type_range_default_and_meaning(key, lines):
    assert [line for line in lines if line not in ENTRIES[key]] == []


@pytest.mark.parametrize("group", [*PARTS, *COMBINATIONS])
def test_every_choice_is_in_the_config_reference(group):
    names = {path.stem for path in (conf_dir() / group).glob("*.yaml") if not path.stem.startswith("base")}
    assert names
    assert {name for name in names if f"{group}={name}" not in CONFIG} == set()


def test_every_command_is_in_the_command_reference(capsys):
    text = command_reference()
    assert [command for command in COMMANDS if f"\n\n## akshar {command}\n" not in text] == []
    assert re.search(r"^usage: akshar predict .*--only", help_text("predict"), re.DOTALL)
    assert capsys.readouterr().out == ""


def test_every_key_of_a_result_has_a_meaning():
    paths = [record.path for record in records()]
    assert paths[:2] == ["", "data"]
    assert {"fit", "test.by_class", "provenance.host", "repeats"} <= {*paths}
    assert [
        f"{record.path}.{key}" for record in records() for key, (_, text) in record.keys.items() if not text
    ] == []


def test_parts_of_a_result_are_linked():
    text = result_reference()
    assert "`by_class` (list of [`test.by_class`](#testby_class))" in text
    assert "`fit` ([`fit`](#fit) or `null`)" in text
    assert "`restricted` ([`test`](#test) or `null`)" in text
