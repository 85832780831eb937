"""Signatures read from source are those that an import gives."""

import inspect
import subprocess
import sys
from pkgutil import resolve_name
from typing import Literal

import pytest

from akshar.config.static_signature import NameNotFound, Unreadable, signature

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
    read = [p for p in found.parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    assert [p.name for p in read] == [p.name for p in named]
    assert [p.default is p.empty for p in read] == [p.default is p.empty for p in named]
    assert any(p.kind is p.VAR_KEYWORD for p in found.parameters.values()) == any(
        p.kind is p.VAR_KEYWORD for p in expected
    )


@pytest.mark.parametrize("name", ["nowhere.Thing", "torch.optim.Adan", "akshar.models.compcat.Compact", "a b.c"])
def test_a_name_that_does_not_exist_is_reported(name):
    with pytest.raises(NameNotFound):
        signature(name)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a module of the user's own and makes it importable."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name, source):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)

    return write


def names(dotted):
    return [*signature(dotted).parameters]


def test_annotations_of_light_modules_are_evaluated_and_others_are_empty(own):
    own(
        "own_annotated.py",
        "from typing import Annotated, Literal\nfrom torch import Tensor\n"
        "Kind = Literal['a', 'b']\n"
        "def function(size: int, kind: Kind | None, data: Tensor, later: 'int', plain=1): ...\n",
    )
    parameters = signature("own_annotated.function").parameters
    assert parameters["size"].annotation is int
    assert parameters["kind"].annotation == Literal["a", "b"] | None
    assert all(parameters[name].annotation is inspect.Parameter.empty for name in ("data", "later", "plain"))


def test_names_are_followed_through_packages_re_exports_and_bases(own):
    own("own_pack/__init__.py", "from .inner import *\nfrom own_pack.inner import Base as Renamed\n")
    own(
        "own_pack/inner.py",
        "class Base:\n    def __init__(self, size): ...\nclass Child(Base): ...\n"
        "if True:\n    def nested(x, *, y=1, **rest): ...\n",
    )
    assert names("own_pack.Renamed") == names("own_pack.Child") == names("own_pack.inner.Child") == ["size"]
    assert names("own_pack.nested") == ["x", "y", "rest"]


def test_fields_of_a_dataclass_are_its_parameters(own):
    own(
        "own_data.py",
        "from dataclasses import dataclass\nfrom typing import ClassVar\n"
        "@dataclass(frozen=True)\nclass Record:\n    size: int\n    name: str = 'x'\n    card: ClassVar[int] = 1\n",
    )
    parameters = signature("own_data.Record").parameters
    assert [*parameters] == ["size", "name"]
    assert parameters["size"].default is inspect.Parameter.empty
    assert parameters["name"].default is ...


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("made", "made = lambda size: None\n"),
        ("made", "made: object = len\n"),
        ("a", "a, b = len, len\n"),
        ("Thing.make", "class Thing:\n    @classmethod\n    def make(cls, size): ...\n"),
        ("Net", "import torch.nn as nn\nclass Net(nn.Linear): ...\n"),
        ("Plain", "class Plain(object): ...\n"),
        ("anything", "def __getattr__(name): ...\n"),
        (
            "Child",
            "from dataclasses import dataclass\nclass Base: ...\n@dataclass\nclass Child(Base):\n    x: int\n",
        ),
        ("broken", "def broken(:\n"),
    ],
)
def test_what_only_running_code_can_tell_is_left_to_an_import(name, source, own, request):
    module = f"own_code_{abs(hash(source))}"
    own(f"{module}.py", source)
    with pytest.raises(Unreadable):
        signature(f"{module}.{name}")


def test_extension_modules_and_modules_themselves_are_unreadable():
    for name in ("torch._C.Generator", "torch.optim", "os.path"):
        with pytest.raises(Unreadable):
            signature(name)


def test_a_wrong_config_is_refused_without_importing_torch(tmp_path):
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
