"""`akshar inspect`: a report in one file, figures, TensorBoard's pages, and labels that folds doubt."""

import csv
import json
import math
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TINY
from PIL import Image, ImageDraw

from akshar.cli import main
from akshar.report.feature_map import choose
from akshar.report.features import _squares, nearest, occlusion, read_features, square_side
from akshar.runs.load_checkpoint import load_checkpoint


@pytest.fixture(scope="module")
def inspected(finished, tmp_path_factory):
    """The folder of a finished run with its report."""
    folder = tmp_path_factory.mktemp("inspected") / "run"
    shutil.copytree(finished[1], folder)
    assert main(["inspect", str(folder)]) == 0
    return folder


def test_the_report_is_one_file_that_needs_no_other(inspected):
    page = (inspected / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=\"(?!data:image/png;base64,|#)", page)
    assert "http" not in re.sub(r"base64,[^\"]*", "", page)
    result = json.loads((inspected / "result.json").read_text())
    assert f"{100 * result['test']['accuracy']:.2f} % ({result['test']['correct']:,} of" in page
    titles = re.findall(r"<h2>(.*?)</h2>", page)
    assert len(titles) == 8
    names = "curves schedule confusion confused_pairs errors neighbours per_class reliability coverage occlusion"
    for name in (*names.split(), "filters", "feature_map"):
        assert Image.open(inspected / "figures" / f"{name}.png").width > 200, name
    assert page.count("data:image/png;base64,") == 12


def test_tensorboard_has_the_same_figures_and_the_projector(inspected, capfd):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (events,) = inspected.glob("events.out.tfevents.*.inspect")
    shown = EventAccumulator(str(events)).Reload().Tags()["images"]
    assert "report/confusion" in shown
    assert len(shown) == 12
    config = (inspected / "projector_config.pbtxt").read_text()
    assert "test_features" in config
    metadata = next(inspected.glob("00000/*/metadata.tsv")).read_text(encoding="utf-8").splitlines()
    assert metadata[0].split("\t") == ["truth", "answer", "right"]
    assert len(metadata) == 1 + 230
    # Once more replaces it. What is done and written is said, also without a terminal.
    assert main(["inspect", str(inspected)]) == 0
    shown = capfd.readouterr()
    assert shown.out.splitlines() == [f"figures: {inspected}/figures", f"report: {inspected}/report.html"]
    assert "section 3 of 8: confusions" in shown.err
    assert len([*inspected.glob("events.out.tfevents.*.inspect")]) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: (run / "checkpoints" / "best.ckpt").unlink(), "has no checkpoint"),
        (lambda run: (run / "predictions" / "test.npz").unlink(), "has no predictions on test images"),
        (lambda run: (run / "predictions" / "test.npz").write_bytes(b"no"), "npz: damaged"),
        (lambda run: (run / "result.json").unlink(), "it has no result.json"),
        (lambda run: (run / "result.json").write_text("{"), "is damaged"),
        (shutil.rmtree, "no such folder"),
    ],
)
def test_what_cannot_be_inspected_is_said(change, message, finished, tmp_path, refused):
    run = tmp_path / "run"
    shutil.copytree(finished[1], run)
    change(run)
    (line,) = refused("inspect", str(run))
    assert message in line


def test_missing_packages_are_named_with_their_extra(finished, monkeypatch, refused):
    for package in ("sklearn", "hydra_plugins.hydra_joblib_launcher", "optuna"):
        monkeypatch.setitem(sys.modules, package, None)
    assert refused("inspect", str(finished[1])) == [
        "error: akshar inspect: needs sklearn; get it with  pip install 'akshar[inspect]'"
    ]
    (line,) = refused("train", "-m", *TINY, "hydra/launcher=joblib", "seed=1,2")
    assert line.endswith("pip install 'akshar[joblib]'")
    (line,) = refused("train", "-m", *TINY, "hydra/sweeper=akshar_optuna", "seed=1,2")
    assert line.endswith("pip install 'akshar[search]'")


def test_features_and_neighbours(finished):
    trained = load_checkpoint(str(finished[1]))
    pixels = torch.randint(0, 255, (40, 1, 32, 32), dtype=torch.uint8)
    features = read_features(trained, pixels, "32-true", "cpu")
    np.testing.assert_allclose((features**2).sum(1), 1, rtol=1e-5)
    found = nearest(features[:5], features, 3)
    assert found[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_occlusion_is_the_mean_drop_of_the_squares_that_cover_a_pixel(finished):
    trained = load_checkpoint(str(finished[1]))
    pixels = torch.randint(0, 255, (2, 1, 32, 32), dtype=torch.uint8)
    targets = np.array([[0, 7], [5, 5]])
    heats = occlusion(trained, pixels, targets)
    assert heats.shape == (2, 2, 32, 32)
    np.testing.assert_array_equal(heats[1, 0], heats[1, 1])
    covered = pixels[:1].clone()
    covered[..., :5, :5] = 0  # the only square over the first pixel
    expected = trained.logits(pixels[:1])[0] - trained.logits(covered)[0]
    assert heats[0, :, 0, 0] == pytest.approx(expected[[0, 7]].numpy(), abs=1e-4)
    # Covering with black what is black changes nothing.
    black = torch.zeros(1, 1, 32, 32, dtype=torch.uint8)
    assert np.abs(occlusion(trained, black, np.array([[0]]))).max() < 1e-5


def test_the_squares_of_occlusion_grow_with_the_image_and_cover_it():
    assert [square_side(*size) for size in ((32, 32), (224, 300), (3, 3))] == [5, 35, 1]
    for size in ((32, 32), (31, 47), (5, 5)):
        seen = np.zeros(size)
        for place in _squares(*size):
            seen[place] += 1
        assert seen.min() >= 1
    assert len(_squares(224, 224)) < len(_squares(32, 32)) == 15**2


def test_a_map_takes_of_each_class_alike():
    labels = np.array([0] * 1000 + [1] * 30 + [2] * 1000)
    chosen = choose(labels, 330)
    assert np.bincount(labels[chosen]).tolist() == [150, 30, 150]


def draw(kind, random):
    """A ring or a cross, by an unsteady hand."""
    image = Image.new("L", (40, 40), 255)
    pen = ImageDraw.Draw(image)
    x, y = random.integers(14, 27, 2)
    size = int(random.integers(6, 11))
    if kind == "ring":
        pen.ellipse((x - size, y - size, x + size, y + size), outline=0, width=int(random.integers(2, 5)))
    else:
        pen.line((x - size, y - size, x + size, y + size), fill=0, width=int(random.integers(2, 5)))
        pen.line((x - size, y + size, x + size, y - size), fill=0, width=int(random.integers(2, 5)))
    return image


@pytest.mark.slow
def test_wrong_labels_are_found_by_real_folds(workplace, refused):
    """20 of 400 labels are wrong; at least 15 of them are among the first 40 in doubt."""
    random = np.random.default_rng(0)
    planted = set()
    for number in range(400):
        kind = ("ring", "cross")[number % 2]
        wrong = number < 20
        label = {"ring": "cross", "cross": "ring"}[kind] if wrong else kind
        path = workplace / "set" / "train" / label / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(kind, random).save(path)
        if wrong:
            planted.add(f"{label}/{number}.png")
    for kind in ("ring", "cross"):
        (workplace / "set" / "test" / kind).mkdir(parents=True)
        draw(kind, random).save(workplace / "set" / "test" / kind / "0.png")
    net = [*TINY[3:4], "trainer.precision=32-true", "model.widths=[8,16]", "model.blocks=[0,0]", "augment=none"]
    words = ["data=characters", "data.root=set", "data.folds=4", "data.batch_size=32", "trainer.max_epochs=6", *net]
    assert main(["train", "-m", "sweep=kfold", *words, "hydra.sweep.dir=sweep"]) == 0
    assert main(["inspect", "sweep", "--judging-sheets"]) == 0

    def listed():
        with (workplace / "sweep" / "labels.csv").open(encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if row["part"] == "train"]

    doubtful = [row["file"] for row in listed()]
    assert len(planted & {*doubtful[:40]}) >= 15
    page = (workplace / "sweep" / "labels.html").read_text(encoding="utf-8")
    assert "of 400 training images are assigned to another class" in page
    # Someone judges the sheets, on which as many others are, and what was judged wrong is left out.
    judging = workplace / "sweep" / "judging" / "judging.csv"
    with judging.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    shown = [row["file"] for row in rows if row["part"] == "train"]
    assert {*doubtful} < {*shown}
    assert len({*shown}) == len(shown) == 2 * len(doubtful)
    assert len(list(judging.parent.glob("sheet-*.png"))) == math.ceil(len(rows) / 48)
    for row in rows:
        row["judged"] = "wrong" if row["file"] in planted else "right"
    with judging.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert main(["inspect", "sweep"]) == 0
    wrong = [row["file"] for row in listed() if row["judged"] == "wrong"]
    assert {*wrong} == planted & {*doubtful}
    page = (workplace / "sweep" / "labels.html").read_text(encoding="utf-8")
    assert f"{len(doubtful)} doubtful labels: {len(wrong)} wrong, 0 undecidable" in page
    (line,) = refused("inspect", "sweep", "--judging-sheets")
    assert "holds judgements already" in line
    words = [word for word in words if "folds" not in word]
    assert main(["train", *words, "data.exclude=sweep/labels.csv", "hydra.run.dir=without"]) == 0
    data = json.loads((workplace / "without" / "result.json").read_text())["data"]
    assert data["train"] + data["val"] == 400 - len(wrong)
    # One run of it is no cross-validation, nor is the sweep without one of its folds.
    shutil.rmtree(Path("sweep/3"))
    (line,) = refused("inspect", "sweep")
    assert "hold out 300 of 400 training images" in line


def test_a_sweep_without_folds_is_refused_with_the_line_that_makes_them(workplace, refused):
    assert main(["train", "-m", *TINY, "seed=1,2", "hydra.sweep.dir=sweep"]) == 0
    (line,) = refused("inspect", "sweep")
    assert "akshar train -m sweep=kfold" in line
