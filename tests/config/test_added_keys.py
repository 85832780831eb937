"""Keys that only a part's target knows, completed on the command line."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from akshar.config.added_keys import argument_keys, is_new_part, with_plus

CONFIG = {"model": {"_target_": "added_forms.Net", "width": 3}, "optimizer": {"_target_": "added_forms.open"}}


@pytest.fixture(scope="module", autouse=True)
def own_forms(tmp_path_factory):
    place = tmp_path_factory.mktemp("own")
    (place / "added_forms.py").write_text("def Net(width, depth=2): ...\ndef open(lr=1, **others): ...\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(place))
        yield


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model.depth=3", "++model.depth=3"),
        ("model.depth.inner=3", "++model.depth.inner=3"),
        ("model.depth=1,2", "++model.depth=1,2"),
        ("model.width=3", "model.width=3"),
        ("+model.depth=3", "+model.depth=3"),
        ("~model.depth", "~model.depth"),
        ("model.dept=3", "model.dept=3"),
        ("optimizer.others=3", "++optimizer.others=3"),
        ("optimizer.anything=3", "++optimizer.anything=3"),
        ("optimizer.lrr=3", "optimizer.lrr=3"),
        ("callbacks.mine._target_=a.B", "++callbacks.mine._target_=a.B"),
        ("nothing.here=1", "nothing.here=1"),
    ],
)
def test_a_plus_is_put_where_the_target_takes_the_key(text, expected):
    override, completed = with_plus(OverridesParser.create().parse_override(text), text, CONFIG)
    assert completed == expected
    assert override.input_line == expected


def test_the_arguments_of_a_key_s_part_are_listed():
    assert argument_keys("model.dept", CONFIG) == ["model.width", "model.depth"]
    assert argument_keys("seed", CONFIG) == []


def test_a_part_of_one_s_own_is_known_by_its_target():
    assert is_new_part("callbacks.mine._target_")
    assert not is_new_part("callbacks.mine.every")
    assert not is_new_part("model._target_")
