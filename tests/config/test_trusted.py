"""Names in files: only what is on the list and what a trusted package defines is built."""

import re
import sys
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf
from torch import nn

from akshar.config import shipped_loggers
from akshar.config.compose import compose, composing
from akshar.config.conf_dir import conf_dir
from akshar.config.groups import PARTS
from akshar.config.schema import TrainConfig
from akshar.config.trusted import (
    CLASSIFIERS,
    DESCRIPTIONS,
    FAMILIES,
    build_trusted,
    check_config,
    check_targets,
    nodes_in,
    resolve_trusted,
    shipped_targets,
    trust_flags,
)
from akshar.errors import UsageError

FORBIDDEN = "; see SECURITY.md"  # the end of a refusal that no --trust changes
SECURITY = Path(__file__).parents[2] / "SECURITY.md"


@pytest.fixture
def own_package(tmp_path, monkeypatch):
    (tmp_path / "own_trusted.py").write_text(
        "import os\nclass Net:\n    def __init__(self, size=1): self.size = size\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "own_trusted"
    sys.modules.pop("own_trusted", None)


def shipped_node(logger):
    (node,) = OmegaConf.to_container(
        OmegaConf.load(conf_dir() / "logger" / f"{logger}.yaml"), resolve=True
    ).values()
    return node


def test_shipped_targets_are_those_of_parts():
    assert {"akshar.models.compact.Compact", "akshar.devanagari.dhcd.DHCD", "torch.optim.SGD"} <= shipped_targets()
    assert not {name for name in shipped_targets() if name.startswith("hydra")}
    files = [path for group in PARTS for path in (conf_dir() / group).glob("*.yaml")]
    nodes = [node for path in files for node in nodes_in(yaml.safe_load(path.read_text(encoding="utf-8")))]
    named = {node["_target_"] for node in nodes} - {None, "???"}  # no target, or one that the user names
    assert shipped_targets() == named | DESCRIPTIONS


def test_the_list_in_security_md_names_the_same_modules():
    listed = SECURITY.read_text(encoding="utf-8").partition("**The list.**")[2].partition("Everything else")[0]
    assert {*re.findall(r"`(torch[\w.]*)`", listed)} == {*FAMILIES, CLASSIFIERS}


def test_nodes_are_found_at_any_depth():
    content = {"_target_": "a", "x": [{"_target_": "b"}, {"y": {"_target_": "c"}}], "_target": "d"}
    assert [node["_target_"] for node in nodes_in(content)] == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_each_shipped_argument_of_a_logger_is_needed_for_its_destination(name):
    """WandbLogger without `offline: true` would send; MLFlowLogger without `tracking_uri` asks the environment."""
    node = shipped_node(name)
    assert not shipped_loggers.destinations(node)
    for key in {*node} - shipped_loggers.LABELS:
        without = {other: value for other, value in node.items() if other != key}
        assert [*shipped_loggers.destinations(without)] == ([key] if node[key] is not None else [])


def test_layers_are_built_with_what_is_passed_and_nested_nodes():
    net = build_trusted("f", {"_target_": "torch.nn.Linear", "in_features": 3}, (), out_features=2)
    assert isinstance(net, nn.Linear)
    nested = {"_target_": "torch.nn.ModuleList", "modules": [{"_target_": "torch.nn.ReLU"}]}
    assert isinstance(build_trusted("f", nested, ())[0], nn.ReLU)
    assert not build_trusted("f", {"_target_": "torch.nn.Linear", "_args_": [3, 2], "bias": False}, ()).bias


@pytest.mark.parametrize(
    "target",
    [
        "torchvision.models.resnet18",
        "torchmetrics.classification.MulticlassF1Score",
        "torch.optim.Adagrad",
        "torch.optim.lr_scheduler.StepLR",
        "pytorch_lightning.callbacks.LearningRateMonitor",
    ],
)
def test_what_only_computes_may_be_named(target):
    assert resolve_trusted("f", target, ()).__name__ == target.rpartition(".")[2]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("os.system", FORBIDDEN),
        ("builtins.eval", FORBIDDEN),
        ("torch.load", FORBIDDEN),
        ("torch.hub.load", FORBIDDEN),
        ("torch.nn.functional.relu", FORBIDDEN),
        ("torch.nn.utils", FORBIDDEN),
        ("torch.nn.modules.module.torch.load", FORBIDDEN),
        ("torch.nn.parallel.distributed.os.system", FORBIDDEN),
        ("torch.nn.Parameter", FORBIDDEN),
        ("torch.optim.swa_utils", FORBIDDEN),
        ("torchvision.models.get_model", "--trust torchvision"),
        ("torchvision.models.get_weight", "--trust torchvision"),
        ("torchmetrics.classification.base", "--trust torchmetrics"),
        ("pytorch_lightning.callbacks.ModelCheckpoint", "--trust pytorch_lightning"),
        ("akshar.files.write_atomic", FORBIDDEN),
        ("akshar.models.compact.Tensor", FORBIDDEN),
        ("own_trusted.Net", "--trust own_trusted"),
        ("None", FORBIDDEN),
        ("", FORBIDDEN),
    ],
)
def test_anything_else_is_refused_before_it_is_called(target, message, own_package):
    with pytest.raises(UsageError) as refusal:
        resolve_trusted("file.ckpt", target, ())
    assert str(refusal.value).startswith(f"file.ckpt: names {target}")
    assert str(refusal.value).endswith(message)
    assert "own_trusted" not in sys.modules


def test_a_nested_target_is_checked_too():
    node = {"_target_": "torch.nn.Sequential", "x": [{"_target_": "os.getcwd"}]}
    with pytest.raises(UsageError, match=r"names os.getcwd"):
        build_trusted("f", node, ())
    with pytest.raises(UsageError, match=r"names os.getcwd"):
        build_trusted("f", {"_target_": "torch.nn.Sequential", "_args_": [{"_target_": "os.getcwd"}]}, ())


@pytest.mark.parametrize("key", ["weights", "weights_backbone", "pretrained"])
def test_a_file_cannot_name_weights_to_download(key):
    node = {"_target_": "torchvision.models.resnet18", key: "DEFAULT"}
    with pytest.raises(UsageError, match=r"names weights to download for torchvision\.models\.resnet18"):
        check_targets("f", {"model": node}, ())
    check_targets("f", {"model": node | {key: None}}, ())


def test_a_file_cannot_choose_where_a_run_is_logged(monkeypatch):
    monkeypatch.setattr(shipped_loggers, "PACKAGES", {})  # they need not be installed
    mlflow = shipped_node("mlflow") | {"experiment_name": "mine"}
    with pytest.raises(
        UsageError, match=r"f: its logger has tracking_uri=http://elsewhere; if you trust that place"
    ):
        check_targets("f", {"logger": {"x": mlflow | {"tracking_uri": "http://elsewhere"}}}, ())
    check_targets("f", {"logger": {"x": mlflow | {"tracking_uri": "http://elsewhere"}}}, ("pytorch_lightning",))
    assert trust_flags({"logger": {"x": mlflow | {"offline": False}}}) == "--trust pytorch_lightning"
    check_targets("f", {"logger": {"x": mlflow}}, ())
    assert trust_flags({"logger": {"x": mlflow}}) == ""
    with composing("train"):
        record = compose("train", ["logger=[tensorboard,csv,mlflow,wandb]"], TrainConfig).config.to_record()
    check_config("f", record, ())


def test_a_file_cannot_read_the_environment():
    for content in ({"x": ["${oc.env:HOME}"]}, {"${oc.env:HOME}": 1}):
        with pytest.raises(UsageError, match=r"f: holds \$\{oc.env:HOME\}; values of a run are plain"):
            check_targets("f", content, ())


def test_a_package_of_one_s_own_is_built_when_trusted(own_package):
    with pytest.raises(
        UsageError, match=r"names own_trusted.Net; if you trust that package, add  --trust own_trusted$"
    ):
        resolve_trusted("f", "own_trusted.Net", ())
    assert build_trusted("f", {"_target_": "own_trusted.Net", "size": 3}, ("own_trusted",)).size == 3
    with pytest.raises(UsageError, match=r"own_trusted\.os\.system, which is defined in posix"):
        resolve_trusted("f", "own_trusted.os.system", ("own_trusted",))
    with pytest.raises(UsageError, match=r"own_trusted\.Net cannot be built \(TypeError: .*'height'"):
        build_trusted("f", {"_target_": "own_trusted.Net", "height": 3}, ("own_trusted",))


def test_the_config_of_a_run_is_checked_and_the_flags_that_it_needs_are_named(own_package):
    config = {"scheduler": {"_target_": None}, "optimizer": {"_target_": "torch.optim.Adagrad"}}
    check_config("config.yaml", config, ())
    assert trust_flags(config) == ""
    config |= {"model": {"_target_": "own_trusted.Net"}, "callbacks": {"x": {"_target_": "another.Thing"}}}
    assert trust_flags(config) == "--trust another --trust own_trusted"
    with pytest.raises(UsageError, match=r"config.yaml: names another.Thing"):
        check_config("config.yaml", config, ("own_trusted",))
    assert "own_trusted" not in sys.modules  # nothing was imported


def test_a_trusted_name_that_cannot_be_imported_is_reported(own_package):
    with pytest.raises(UsageError, match=r"own_trusted\.Gone cannot be imported"):
        resolve_trusted("f", "own_trusted.Gone", ("own_trusted",))


@pytest.mark.parametrize(
    "hidden",
    [({"_target_": "torch.load", "f": "x"},), {"a": [({"_target_": "torch.load"},)]}, ("${oc.env:HOME}",), {1, 2}],
)
def test_what_is_hidden_in_values_that_are_not_plain_is_refused(hidden):
    node = {"_target_": "torch.nn.Sequential", "_args_": hidden}
    with pytest.raises(UsageError, match="values of a run are plain"):
        build_trusted("f", node, ())


def test_weights_by_position_are_refused():
    with pytest.raises(UsageError, match="names weights to download"):
        check_targets("f", {"_target_": "torchvision.models.resnet18", "_args_": ["DEFAULT"], 1: 2}, ())
