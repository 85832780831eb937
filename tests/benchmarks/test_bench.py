"""`akshar bench`, and what it measures with."""

import json

import pytest
import torch
from torch import nn

from akshar.benchmarks import accuracy, pipeline, roofline, step
from akshar.benchmarks.inference import EAGER, ONNX, measure_inference
from akshar.benchmarks.measured import Measured, measure, rate
from akshar.cli import main
from akshar.devanagari.glyphs import Glyphs
from akshar.models.compact import Compact


def test_contenders_take_turns_and_the_first_round_warms_up():
    turns, names = [], []
    contenders = {name: lambda name=name: turns.append(name) or float(len(turns)) for name in ("a", "b")}
    measured = measure(contenders, "s", 2, names.append)
    assert turns == names == ["a", "b"] * 3
    assert measured["a"].values == (3.0, 5.0)
    assert measured["b"].times(measured["a"]) == pytest.approx((4 / 3 + 6 / 5) / 2)
    assert measured["b"].as_json() == {"unit": "s", "median": 5.0, "low": 4.0, "high": 6.0, "rounds": 2}


def test_no_round_starts_that_the_budget_has_no_time_for(monkeypatch):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))  # a round takes ten seconds
    turns = []
    contenders = {"a": lambda: turns.append(1) or float(len(turns))}
    assert measure(contenders, "s", 5, budget_s=45)["a"].values == (2.0,)
    assert len(turns) == 2


def test_one_round_is_measured_even_where_the_warm_up_takes_the_budget():
    measured = measure({"a": lambda: 1.0}, "s", 5, budget_s=0)
    assert measured["a"].values == (1.0,)
    assert measured["a"].rounds == measured["a"].as_json()["rounds"] == 1


@pytest.mark.parametrize(("smallest_s", "side"), [(0.001, 2048), (0.01, 1024), (0.1, 512), (2.0, 256)])
def test_matrices_are_smaller_where_a_product_takes_long(monkeypatch, smallest_s, side):
    clock = [0.0]

    def product(device, dtype, side):
        def work():
            clock[0] += smallest_s * (side / 256) ** 3
            return 2 * side**3

        return work

    monkeypatch.setattr(roofline, "_product", product)
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    assert roofline._affordable_side(torch.device("cpu"), torch.float32) == side


def test_a_training_that_takes_too_long_is_ended():
    with pytest.raises(accuracy.TrainingTimeout, match="ended after 0 s"):
        accuracy.train_once(["data=glyphs"], limit_s=0.05)


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
    assert all(figure.median > 0 for figure in step.measure_step(step.tiny_net, steps=20, rounds=1).values())


def test_answers_are_measured_each_way_there_is():
    pytest.importorskip("onnxruntime")
    names = []
    figures, notes = measure_inference(
        Compact(46, in_channels=1), torch.device("cpu"), 0.01, 1, False, names.append
    )
    assert [*figures] == ["one image", "1,024 images"]
    assert all([*ways] == [EAGER, ONNX] for ways in figures.values())
    assert not notes
    assert {EAGER, ONNX} <= {*names}


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
    assert "share of a step spent in Lightning" in out
    assert (workplace / "here" / "bench.png").read_bytes().startswith(b"\x89PNG")
    assert main(["bench", "--quick", "--output", "here"]) == 2
    assert "already holds a bench.json" in capsys.readouterr().err
