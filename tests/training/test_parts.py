"""Parts of a run, each built from its section of the config."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from akshar.config.compose import compose, composing
from akshar.config.schema import Part, TrainConfig
from akshar.devanagari.cards import INPUT_SPEC
from akshar.errors import UsageError
from akshar.models.classifier import Classifier
from akshar.training.parts import build_classifier, build_network, check_output, complete_model

COMPACT = Part.model_validate({"_target_": "akshar.models.compact.Compact", "widths": [4], "blocks": [0]})


@pytest.fixture(scope="module", autouse=True)
def hydra() -> Iterator[None]:
    with composing("train"):
        yield


def part(target, **arguments):
    return Part.model_validate({"_target_": target, **arguments})


def classifier(*overrides, net=None):
    config = compose("train", ["data=glyphs", *overrides], TrainConfig).config
    return build_classifier(
        config, net or build_network(complete_model(COMPACT, 3, INPUT_SPEC.shape)), torch.tensor([5, 3, 2])
    )


def test_a_network_gets_its_classes_and_channels_from_the_data():
    model = complete_model(COMPACT, 7, INPUT_SPEC.shape)
    assert model.arguments == {"widths": [4], "blocks": [0], "num_classes": 7, "in_channels": 1}
    net = build_network(model)
    assert net(torch.zeros(2, 1, 32, 32)).shape == (2, 7)


def test_what_the_config_says_stands():
    model = complete_model(COMPACT.with_arguments(in_channels=3), 7, INPUT_SPEC.shape)
    assert model.arguments["in_channels"] == 3


def test_what_is_no_network_is_refused():
    with pytest.raises(UsageError, match=r"model: must be an nn.Module, not OrderedDict"):
        build_network(part("collections.OrderedDict"))
    with pytest.raises(UsageError, match=r"^model: widths=\[4\] and blocks=\[0, 0\] must have the same length"):
        build_network(complete_model(COMPACT.with_arguments(blocks=[0, 0]), 3, INPUT_SPEC.shape))


def test_the_output_is_checked_before_training():
    net = build_network(complete_model(COMPACT, 3, INPUT_SPEC.shape))
    check_output(Classifier(net), 3, INPUT_SPEC.shape)
    assert net.training
    with pytest.raises(
        UsageError, match=r"model: returns \(2, 3\) for 2 images; must be \(2, 5\), one logit per class"
    ):
        check_output(Classifier(net), 5, INPUT_SPEC.shape)
    with pytest.raises(UsageError, match=r"model: does not take images of shape \(N, 1, 32, 32\)"):
        check_output(Classifier(nn.Linear(5, 3)), 3, INPUT_SPEC.shape)


def test_optimizer_and_schedule_are_those_of_the_config():
    built = classifier("optimizer=sgd", "optimizer.lr=0.5", "scheduler=none")
    assert built.make_optimizer is not None
    optimizer = built.make_optimizer([nn.Parameter(torch.zeros(1))])
    assert isinstance(optimizer, torch.optim.SGD)
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert built.make_schedule is None
    onecycle = classifier("scheduler=onecycle")
    assert onecycle.make_optimizer is not None
    assert onecycle.make_schedule is not None
    schedule = onecycle.make_schedule(onecycle.make_optimizer([nn.Parameter(torch.zeros(1))]), 77)
    assert schedule.total_steps == 77
    assert onecycle.schedule_interval == "step"


def test_a_schedule_keeps_the_factors_of_learning_rates():
    for scheduler, highest in (("onecycle", "max_lr"), ("cosine", "initial_lr"), ("none", "lr")):
        built = classifier(f"scheduler={scheduler}", "optimizer.lr=0.01", "lr_factors={classifier:10}")
        assert built.make_optimizer is not None
        optimizer = built.make_optimizer(built.parameter_groups())
        if built.make_schedule is not None:
            built.make_schedule(optimizer, 50)
        assert [group[highest] for group in optimizer.param_groups] == pytest.approx([0.01, 0.01, 0.1, 0.1])


def test_parts_that_the_network_does_not_have_are_refused_with_those_that_it_has():
    with pytest.raises(UsageError) as caught:
        classifier("freeze=[feature,classifier]", "lr_factors={clasifier:10}")
    assert caught.value.problems == (
        "freeze: the network has no part feature; did you mean features? (parts: features, dropout, classifier)",
        "lr_factors: the network has no part clasifier; did you mean classifier? (parts: features, dropout, "
        "classifier)",
    )
    with pytest.raises(
        UsageError, match=r"^freeze=\[features,classifier\]: leaves nothing of the network to train"
    ):
        classifier("freeze=[features,classifier]")


def test_log_probabilities_are_needed_where_the_loss_takes_them():
    net = nn.Sequential(nn.Flatten(), nn.Linear(1024, 3))
    words = ("loss._target_=torch.nn.NLLLoss", "~loss.label_smoothing")
    with pytest.raises(
        UsageError, match=r"^loss: NLLLoss takes log-probabilities, and this network returns logits"
    ):
        check_output(classifier(*words, net=net), 3, INPUT_SPEC.shape)
    check_output(classifier(*words, net=nn.Sequential(net, nn.LogSoftmax(1))), 3, INPUT_SPEC.shape)


@pytest.mark.parametrize(
    ("override", "part_name"), [("optimizer.foreach=true", "optimizer"), ("scheduler.pct_start=2.0", "scheduler")]
)
def test_arguments_that_cannot_work_are_found_before_training(override, part_name):
    with pytest.raises(UsageError, match=f"^{part_name}[.:]"):  # AdamW is fused, which excludes foreach
        classifier(override)
