"""`akshar test`: any data set, every answer written down, figures that anybody else comes to as well."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from conftest import TINY, write_picture
from sklearn import metrics

from akshar.cli import main
from akshar.runs.checkpoint import KEY, write_checkpoint


def outcome_of(workplace, *words):
    before = set(workplace.glob("outputs/test/*"))
    assert main(["test", *words]) == 0
    (folder,) = set(workplace.glob("outputs/test/*")) - before
    with (folder / "predictions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return json.loads((folder / "result.json").read_text()), rows, folder


def test_a_run_s_own_data_gives_the_run_s_own_figures(finished, workplace):
    result, run = finished
    again, rows, folder = outcome_of(workplace, f"checkpoint={run}", "precision=32-true")
    assert again["data"]["digest"] == result["data"]["digest"]
    assert again["test"]["correct"] == result["test"]["correct"]
    assert again["test"]["total"] == len(rows) == result["test"]["total"]
    with np.load(run / "predictions" / "test.npz") as one, np.load(folder / "predictions" / "test.npz") as other:
        np.testing.assert_allclose(one["logits"], other["logits"], atol=1e-5)
        assert (one["labels"] == other["labels"]).all()


@pytest.fixture
def folder_run(workplace):
    """A run on pictures of another size, framing and border than the defaults, in a folder with an awkward name."""
    for shape, name in enumerate(("bar", "cross")):
        for number in range(30):
            write_picture(workplace / "it's चित्र" / name / f"{number}.png", shape, size=40 + number)
    words = ["data=folder", "data.root=it's चित्र", "data.batch_size=16", "model=compact", "trainer.max_epochs=1"]
    words += ["data.size=24"]
    assert main(["train", *words, "model.widths=[8,16]", "model.blocks=[0,0]", "hydra.run.dir=run"]) == 0
    return workplace / "run"


def test_a_folder_is_tested_as_the_run_prepared_it(folder_run, workplace):
    again, _, _ = outcome_of(workplace, "checkpoint=run")
    result = json.loads((folder_run / "result.json").read_text())
    assert again["data"]["digest"] == result["data"]["digest"]
    assert again["test"]["correct"] == result["test"]["correct"]


def test_a_run_whose_data_has_an_input_spec_of_its_own_is_tested_and_resumed(folder_run, workplace):
    """As `data=folder` wrote its config before it had `size`, `channels` and `framing`."""
    words = [
        "data=characters",
        "data.root=it's चित्र",
        "data.batch_size=16",
        "model=compact",
        "trainer.max_epochs=1",
    ]
    assert main(["train", *words, "model.widths=[8,16]", "model.blocks=[0,0]", "hydra.run.dir=old"]) == 0
    result = json.loads(Path("old/result.json").read_text())
    config = yaml.safe_load(Path("old/config.yaml").read_text(encoding="utf-8"))
    new = ("channels", "polarity", "framing", "border", "mean", "std")
    spec = {key: config["data"].pop(key) for key in new} | dict.fromkeys(
        ("height", "width"), config["data"]["size"]
    )
    del config["data"]["size"]
    for key in ("name", "title"):
        del config["data"]["card"][key]
    config["data"]["input_spec"] = spec | {"_target_": "akshar.pictures.input_spec.InputSpec"}
    text = yaml.safe_dump(config, allow_unicode=True)
    Path("old/config.yaml").write_text(text, encoding="utf-8")
    for name in ("best", "last"):
        path = Path(f"old/checkpoints/{name}.ckpt")
        content = torch.load(path, weights_only=True)
        content[KEY]["config"] = text
        write_checkpoint(content, path)
    again, _, _ = outcome_of(workplace, "checkpoint=old")
    assert again["data"]["digest"] == result["data"]["digest"]
    Path("old/result.json").unlink()  # as if it had been killed before its test
    status = Path("old/status.json")
    status.write_text(status.read_text().replace("completed", "running"))
    assert main(["train", "resume=old"]) == 0
    assert json.loads(Path("old/result.json").read_text())["test"] == result["test"]


def test_pictures_are_prepared_as_the_network_s_were(folder_run, workplace, refused):
    words = ["checkpoint=run", "data=characters", "data.root=it's चित्र", "part=all"]
    (line,) = refused("test", *words, exit_code=2)
    assert line == "error: data.size=32: the network reads 24x24; leave it out"
    _, rows, folder = outcome_of(workplace, "data=folder", words[0], *words[2:])
    assert len(rows) == 60
    assert "images: 60 of 40x40 to 69x69 in grey are resized to 24x24" in (folder / "run.log").read_text()


def test_images_that_were_prepared_otherwise_are_refused(folder_run, refused):
    (line,) = refused("test", "checkpoint=run", "data=glyphs", *TINY[1:3], exit_code=2)
    assert "height 32 (not 24), width 32 (not 24), framing ink (not none), border 2 (not 0)" in line


def test_a_gpu_that_is_not_there_is_not_replaced_by_the_cpu(finished, refused, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert (
        "accelerator=cuda: no CUDA device here"
        in refused("test", f"checkpoint={finished[1]}", "accelerator=cuda")[-1]
    )


def test_scikit_learn_comes_to_the_same_figures_from_the_csv(finished, workplace):
    again, rows, folder = outcome_of(workplace, f"checkpoint={finished[1]}")
    truth, answer = [row["truth"] for row in rows], [row["prediction"] for row in rows]
    figures = again["test"]
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(truth, answer))
    classes = sorted({*truth})
    shared = {"labels": classes, "average": "macro", "zero_division": 0}
    assert figures["macro_accuracy"] == pytest.approx(metrics.recall_score(truth, answer, **shared))
    assert figures["macro_precision"] == pytest.approx(metrics.precision_score(truth, answer, **shared))
    assert figures["macro_f1"] == pytest.approx(metrics.f1_score(truth, answer, **shared))
    for row in figures["by_class"]:
        mine = [a == t for t, a in zip(truth, answer, strict=True) if t == row["name"]]
        assert (row["correct"], row["total"]) == (sum(mine), len(mine))
    of_truth = np.array([float(row["confidence_of_truth"]) for row in rows])
    assert figures["calibrated_loss"] == pytest.approx(-np.log(of_truth).mean(), rel=1e-6)
    third = [[pair.split(" ")[0] for pair in row["top_3"].split("; ")] for row in rows]
    assert figures["top_3"] == pytest.approx(np.mean([t in three for t, three in zip(truth, third, strict=True)]))
    assert all(three[0] == row["prediction"] for three, row in zip(third, rows, strict=True))
    saved = np.load(folder / "predictions" / "test.npz")
    scaled = np.exp(saved["logits"].astype(float) / again["best"]["temperature"])
    probabilities = scaled / scaled.sum(1, keepdims=True)
    loss = metrics.log_loss(saved["labels"], probabilities, labels=range(46))
    assert figures["calibrated_loss"] == pytest.approx(loss)
    assert figures["loss"] == pytest.approx(finished[0]["test"]["loss"], rel=1e-4)  # before temperature scaling
    one_hot = np.eye(46)[saved["labels"]]
    assert figures["brier"] == pytest.approx(((probabilities - one_hot) ** 2).sum(1).mean())


def test_a_network_of_46_classes_is_asked_about_digits_both_ways(finished, workplace):
    again, rows, _ = outcome_of(workplace, f"checkpoint={finished[1]}", "data.subset=digits")
    assert again["data"]["classes"] == 10
    assert len(rows) == again["test"]["total"] == again["restricted"]["total"] == 50
    assert again["restricted"]["correct"] >= again["test"]["correct"]
    assert {row["truth"] for row in rows} == {f"digit_{value}" for value in range(10)}
    assert len(again["test"]["by_class"]) == len(again["restricted"]["by_class"]) == 10


def test_a_folder_of_one_s_own_with_every_file_named(finished, workplace):
    for number in range(4):
        write_picture(workplace / "my" / "digit_3" / f"क {number}.png", number % 2)
        write_picture(workplace / "my" / "character_1_ka" / f"{number}.png", number % 2)
    words = ["data=folder", "data.root=my", "part=all"]
    again, rows, _ = outcome_of(workplace, f"checkpoint={finished[1]}", *words)
    assert again["restricted"]["total"] == len(rows) == 8
    files = {row["file"]: row["truth"] for row in rows}
    assert files["digit_3/क 2.png"] == "digit_3"
    assert len(files) == 8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "checkpoint: must be given, as checkpoint=RUN"),
        (["checkpoint=nowhere"], "nowhere: no such checkpoint"),
        (["checkpoint=RUN", "part=some"], "part=some: "),
        (["checkpoint=RUN", "data=glyph"], "data=glyph: no such choice; did you mean glyphs?"),
        (["checkpoint=RUN", "data.subst=digits"], "data.subst: no such key; did you mean data.subset?"),
        (["checkpoint=RUN", "optimizer.lr=1"], "optimizer.lr: no such key"),
        (
            ["checkpoint=RUN", "data=folder", "data.root=shapes", "part=all"],
            "does not know the class bar, cross; it knows",
        ),
        (
            ["checkpoint=RUN", "data=folder", "data.root=alone", "part=train"],
            "part=train: the data has no such images",
        ),
    ],
)
def test_what_cannot_be_tested_is_said(words, message, finished, workplace, refused):
    for shape, name in enumerate(("bar", "cross")):
        for number in range(4):
            write_picture(workplace / "shapes" / name / f"{number}.png", shape)
            write_picture(workplace / "alone" / "test" / name / f"{number}.png", shape)
    words = [word.replace("=RUN", f"={finished[1]}") for word in words]
    lines = refused("test", *words)
    assert any(message in line for line in lines), lines


def test_several_networks_one_after_the_other(finished, workplace):
    assert main(["train", *TINY, "seed=4"]) == 0
    (other,) = Path("outputs/train").glob("*")
    assert main(["test", "-m", f"checkpoint={finished[1]},{other.absolute()}", "data=glyphs", *TINY[1:3]]) == 0
    assert len(list(workplace.glob("outputs/test/*/*/result.json"))) == 2
