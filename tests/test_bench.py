"""`akshar bench`, and what it measures with."""

import json

import pytest
import torch
from torch import nn

from akshar.benchmarks import accuracy, pipeline, step
from akshar.benchmarks.inference import EAGER, ONNX, measure_inference
from akshar.benchmarks.measured import Measured, measure, rate
from akshar.cli import main
from akshar.devanagari.glyphs import Glyphs
from akshar.models.compact import Compact


def test_contenders_take_turns_and_the_first_round_warms_up():
    turns, told = [], []
    contenders = {name: lambda name=name: turns.append(name) or float(len(turns)) for name in ("a", "b")}
    measured = measure(contenders, "s", 2, told.append)
    assert turns == told == ["a", "b"] * 3
    assert measured["a"].values == (3.0, 5.0)
    assert measured["b"].times(measured["a"]) == pytest.approx((4 / 3 + 6 / 5) / 2)
    assert measured["b"].as_json() == {"unit": "s", "median": 5.0, "low": 4.0, "high": 6.0, "rounds": 2}


def test_a_ratio_is_taken_within_each_round():
    slow_machine_later = Measured("a", "s", (1.0, 2.0, 40.0)), Measured("b", "s", (2.0, 4.0, 80.0))
    assert slow_machine_later[1].times(slow_machine_later[0]) == 2.0


def test_a_rate_counts_whole_pieces_of_work():
    done = []
    assert rate(lambda: done.append(1) or 7, 0.0) > 0
    assert len(done) == 1


def test_operations_are_counted_forward_and_backward():
    net = nn.Sequential(nn.Flatten(), nn.Linear(1024, 16), nn.Linear(16, 46))
    forward = 2 * (1024 * 16 + 16 * 46)
    backward = 2 * forward - 2 * 1024 * 16  # no gradient of the images
    assert step.operations(net) == forward + backward


def test_the_pipeline_and_a_step_are_measured():
    for figure in pipeline.measure_pipeline(images=460, batch_size=32, seconds=0.05, rounds=1).values():
        assert figure.median > 0
    bare, fit = step.measure_step(step.tiny_net, steps=60, rounds=1).values()
    assert min(bare.median, fit.median) > 0


def test_answers_are_measured_each_way_there_is():
    pytest.importorskip("onnxruntime")
    told = []
    figures, notes = measure_inference(Compact(46), torch.device("cpu"), 0.01, 1, False, told.append)
    assert [*figures] == ["one image", "1,024 images"]
    assert all([*ways] == [EAGER, ONNX] for ways in figures.values())
    assert not notes
    assert {EAGER, ONNX} <= {*told}


def test_the_tutorials_loop_is_timed_over_an_epoch():
    train = Glyphs(train_per_class=2, test_per_class=1).load().train
    assert train is not None
    assert accuracy.tutorial_epoch(train, steps=1) > 0


@pytest.mark.slow
def test_bench_prints_and_saves_all_it_measures(workplace, capsys):
    assert main(["bench", "--quick", "--output", "here"]) == 0
    out = capsys.readouterr().out
    saved = json.loads((workplace / "here" / "bench.json").read_text())
    titles = [*saved["sections"]]
    assert len(titles) == 6
    for title in titles:
        assert title in out
        assert all(
            figure["low"] <= figure["median"] <= figure["high"]
            for figure in saved["sections"][title]["figures"].values()
        )
    assert "share of a step that is lost to Lightning" in out
    assert (workplace / "here" / "bench.png").read_bytes().startswith(b"\x89PNG")
    assert main(["bench", "--quick", "--output", "here"]) == 2
    assert "holds a bench.json already" in capsys.readouterr().err
