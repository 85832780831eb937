"""Signatures read from source are those that an import gives."""

import inspect
import subprocess
import sys
from pkgutil import resolve_name

import pytest

from akshar.config.check_targets import target_problems
from akshar.config.static_signature import NameNotFound, signature

NAMES = [
    "akshar.models.compact.Compact",
    "akshar.models.tutorial.Tutorial",
    "akshar.data.augment.Augment",
    "akshar.devanagari.dhcd.DHCD",
    "torch.optim.AdamW",
    "torch.optim.SGD",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.nn.Linear",
    "pytorch_lightning.Trainer",
    "pytorch_lightning.callbacks.EMAWeightAveraging",
    "torchvision.models.resnet18",
]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_those_of_the_object(name):
    target = resolve_name(name)
    found = signature(name)
    expected = inspect.signature(target).parameters.values()
    named = [p for p in expected if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    assert [p.name for p in found.parameters] == [p.name for p in named]
    assert [p.required for p in found.parameters] == [p.default is p.empty for p in named]
    assert found.open == any(p.kind is p.VAR_KEYWORD for p in expected)


@pytest.mark.parametrize("name", ["nowhere.Thing", "torch.optim.Adan", "akshar.models.compcat.Compact", "a b.c"])
def test_what_is_not_there_is_said(name):
    with pytest.raises(NameNotFound):
        signature(name)


def test_a_person_s_own_module_is_read_in_every_form(tmp_path, monkeypatch):
    (tmp_path / "own_forms.py").write_text(
        "from dataclasses import dataclass\n"
        "from typing import Literal\n"
        "Kind = Literal['a', 'b']\n"
        "class Base:\n    def __init__(self, size: int, kind: Kind = 'a'): ...\n"
        "class Child(Base): ...\n"
        "@dataclass\nclass Record:\n    size: int\n    kind: Kind = 'a'\n"
        "def function(size: int, *, kind: Kind = 'a'): ...\n"
        "made = lambda size, kind='a': None\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("Base", "Child", "Record", "function"):
        node = {"_target_": f"own_forms.{name}", "size": "x", "kind": "c", "tail": 1}
        problems = target_problems("model", node, set(), set())
        assert [problem.split(":")[0] for problem in problems] == ["model.tail", "model.size=x", "model.kind=c"]
        assert target_problems("model", {"_target_": f"own_forms.{name}"}, set(), set()) == [
            f"model.size: is missing; {name} needs it"
        ]
    assert target_problems("model", {"_target_": "own_forms.made", "kind": "c"}, set(), set()) == [
        "model.size: is missing; <lambda> needs it"
    ]


def test_a_wrong_config_is_told_without_loading_torch(tmp_path):
    code = (
        "import sys\n"
        "from akshar.cli import main\n"
        "words = ['train', 'data.batch_size=90000', 'optimizer.lr=1', 'model.widths=[1]']\n"
        "assert main(words) == 2\n"
        "assert not {'torch', 'pytorch_lightning', 'torchvision'} & {*sys.modules}\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "data.batch_size=90000: more than the 70380 training images" in done.stderr
