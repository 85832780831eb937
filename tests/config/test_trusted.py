"""Names in files: only shipped targets, layers of torch.nn and trusted packages are built."""

import sys

import pytest
from torch import nn

from akshar.config.trusted import build_trusted, resolve_trusted, shipped_targets, targets_in
from akshar.errors import UsageError


@pytest.fixture
def own_package(tmp_path, monkeypatch):
    (tmp_path / "own_trusted.py").write_text(
        "import os\nclass Net:\n    def __init__(self, size=1): self.size = size\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "own_trusted"
    sys.modules.pop("own_trusted", None)


def test_shipped_targets_are_those_of_data_and_model():
    assert {"akshar.models.compact.Compact", "akshar.devanagari.dhcd.DHCD"} <= shipped_targets()
    assert "akshar.data.card.DatasetCard" not in shipped_targets()


def test_targets_are_found_at_any_depth():
    node = {"_target_": "a", "x": [{"_target_": "b"}, {"y": {"_target_": "c"}}], "_target": "d"}
    assert [*targets_in(node)] == ["a", "b", "c"]


def test_layers_are_built_with_what_is_passed_and_nested_nodes():
    net = build_trusted("f", {"_target_": "torch.nn.Linear", "in_features": 3}, (), out_features=2)
    assert isinstance(net, nn.Linear)
    nested = {"_target_": "torch.nn.ModuleList", "modules": [{"_target_": "torch.nn.ReLU"}]}
    assert isinstance(build_trusted("f", nested, ())[0], nn.ReLU)


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "torch.load",
        "torch.nn.functional.relu",
        "torch.nn.modules.module.torch.load",
        "torch.nn.parallel.distributed.os.system",
        "akshar.files.write_atomic",
        "akshar.models.compact.Tensor",
        "own_trusted.Net",
        "",
    ],
)
def test_anything_else_is_refused_before_it_is_called(target, own_package):
    with pytest.raises(UsageError, match=r"file.ckpt: names .*, which is not a data set or network of akshar"):
        resolve_trusted("file.ckpt", target, ())
    assert "own_trusted" not in sys.modules


def test_a_nested_target_is_checked_too():
    node = {"_target_": "torch.nn.Sequential", "x": [{"_target_": "os.getcwd"}]}
    with pytest.raises(UsageError, match=r"names os.getcwd"):
        build_trusted("f", node, ())


def test_a_package_of_one_s_own_is_built_when_trusted(own_package):
    with pytest.raises(UsageError, match=r"if it is yours, trust its package: --trust own_trusted"):
        resolve_trusted("f", "own_trusted.Net", ())
    assert build_trusted("f", {"_target_": "own_trusted.Net", "size": 3}, ("own_trusted",)).size == 3
    with pytest.raises(UsageError, match=r"own_trusted\.os\.system"):  # what the package imports is not its own
        resolve_trusted("f", "own_trusted.os.system", ("own_trusted",))


def test_a_trusted_name_that_cannot_be_imported_is_reported(own_package):
    with pytest.raises(UsageError, match=r"own_trusted\.Gone cannot be imported"):
        resolve_trusted("f", "own_trusted.Gone", ("own_trusted",))
