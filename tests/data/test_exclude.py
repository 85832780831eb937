"""Images that a list leaves out: of both parts, of a validation part that is given, and what a list must hold."""

from dataclasses import replace

import pytest
import torch
from conftest import TINY, make_data, make_images

from akshar.data.exclude import leave_out
from akshar.errors import DataError

HEAD = "part,file,judged\n"


def test_listed_images_are_left_out_unless_they_were_judged_right(tmp_path):
    listed = tmp_path / "labels.csv"
    listed.write_text(HEAD + "train,class_1/2,wrong\ntrain,class_0/1,right\ntest,class_0/1,undecidable\n")
    data = make_data(make_images(3, classes=2), make_images(2, classes=2))
    kept = leave_out(data, str(listed))
    assert (data.train, data.test, kept.train, kept.test).count(None) == 0
    names = [kept.train.name_of(position) for position in range(5)]
    assert names == ["class_0/1", "class_0/2", "class_0/3", "class_1/1", "class_1/3"]
    assert torch.equal(kept.train.pixels, data.train.pixels[[0, 1, 2, 3, 5]])
    assert len(kept.test) == 3


def test_given_validation_images_stay_the_same_images(tmp_path):
    (tmp_path / "labels.csv").write_text("part,file\ntrain,class_0/1\ntrain,class_1/3\n")
    data = replace(make_data(make_images(3, classes=2)), val_positions=torch.tensor([1, 4, 5]))
    kept = leave_out(data, str(tmp_path / "labels.csv"))
    assert torch.equal(kept.train.pixels[kept.val_positions], data.train.pixels[[1, 4]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "train,class_9/1,\n", "given has no train image class_9/1; 0 of the 1 listed are known"),
        ("file\nx\n", "has no column part in its first line"),
        (HEAD + "val,class_0/1,\n", "csv:2: part=val: must be train or test"),
        (None, r"cannot be read \(No such file"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(text, message, tmp_path):
    if text is not None:
        (tmp_path / "list.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        leave_out(make_data(make_images(3)), str(tmp_path / "list.csv"))


def test_a_run_trains_and_tests_without_them(train, workplace):
    (workplace / "labels.csv").write_text("part,file\ntrain,character_1_ka/0\ntest,digit_0/1\n")
    result, _ = train(*TINY, "data.exclude=labels.csv")
    assert result["data"]["train"] + result["data"]["val"] == 46 * 20 - 1
    assert result["test"]["total"] == 46 * 5 - 1
