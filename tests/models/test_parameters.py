"""Parameters counted, frozen, and grouped by learning rate and weight decay."""

import torch
from torch import nn

from akshar.models.classifier import Classifier
from akshar.models.compact import Compact
from akshar.models.parameters import LR_FACTOR, count_parameters, freeze, parameter_groups


def net():
    return Compact(3, 1, [4, 8], [1, 0])


def names(net, group):
    by_id = {id(parameter): name for name, parameter in net.named_parameters()}
    return {by_id[id(parameter)] for parameter in group["params"]}


def test_frozen_parts_are_not_trained_and_stay_in_eval_mode():
    frozen = net()
    before = count_parameters(frozen)
    modules = freeze(frozen, ["features.1", "features.2"])
    assert count_parameters(frozen) == before
    inside = [name for name, parameter in frozen.named_parameters() if not parameter.requires_grad]
    assert inside
    assert all(name.startswith(("features.1.", "features.2.")) for name in inside)
    assert count_parameters(frozen, trained=True) == before - sum(
        frozen.get_parameter(name).numel() for name in inside
    )
    classifier = Classifier(frozen, frozen=modules)
    classifier.eval()
    classifier.train()
    norms = {name: module.training for name, module in frozen.named_modules() if isinstance(module, nn.BatchNorm2d)}
    assert {name for name, training in norms.items() if not training} == {
        name for name in norms if name.startswith(("features.1.", "features.2."))
    }
    means = {name: value.clone() for name, value in frozen.named_buffers() if name.endswith("running_mean")}
    classifier(torch.randn(4, 1, 16, 16))
    moved = {name for name, value in means.items() if not torch.equal(value, frozen.get_buffer(name))}
    assert moved == {name for name in means if not name.startswith(("features.1.", "features.2."))}


def test_a_name_is_a_part_and_not_a_beginning_of_letters():
    frozen = net()
    assert freeze(frozen, ["feat", "classifier.bias"]) == []
    assert [name for name, value in frozen.named_parameters() if not value.requires_grad] == ["classifier.bias"]


def test_each_factor_has_groups_of_its_own_and_the_inner_part_counts():
    own = net()
    groups = parameter_groups(own, {"features": 0.1, "features.1": 0.5, "classifier": 1.0})
    assert [group[LR_FACTOR] for group in groups] == [1.0, 1.0, 0.5, 0.5, 0.1, 0.1]
    assert names(own, groups[0]) == {"classifier.weight"}
    assert all(name.startswith("features.1.") for group in groups[2:4] for name in names(own, group))
    assert sum(len(group["params"]) for group in groups) == len(list(own.parameters()))
    assert all("weight_decay" not in group for group in groups[::2])
    assert all(group["weight_decay"] == 0 for group in groups[1::2])


def test_without_factors_the_groups_have_no_further_key():
    assert [group.keys() for group in parameter_groups(net())] == [{"params"}, {"params", "weight_decay"}]
