"""Sections of the config: what the framework reads and what belongs to the target."""

import pytest
from pydantic import ValidationError

from akshar.config.schema import DataConfig, OptimizerConfig, Part, SchedulerConfig

DATA = {"batch_size": 1, "val_fraction": 0.1, "folds": None, "fold": 0, "split": "random", "split_seed": 1}


def test_arguments_are_what_the_framework_does_not_read():
    data = DataConfig.model_validate({"_target_": "a.B", **DATA, "root": "x"})
    assert data.arguments == {"root": "x"}
    assert data.to_record() == {"_target_": "a.B", **DATA, "root": "x"}


def test_hydra_s_keys_are_no_arguments():
    assert Part.model_validate({"_target_": "a.B", "_partial_": True, "x": 1}).arguments == {"x": 1}


def test_an_argument_of_an_optimizer_is_passed_only_where_it_was_given():
    assert OptimizerConfig.model_validate({"_target_": "a.B", "lr": 0.1}).arguments == {"lr": 0.1}


def test_with_arguments_leaves_the_part_as_it_was():
    part = Part.model_validate({"_target_": "a.B", "x": 1})
    assert part.with_arguments(x=2, y=3).arguments == {"x": 2, "y": 3}
    assert part.arguments == {"x": 1}


def test_values_are_not_converted_and_cannot_be_assigned():
    for wrong in ({"batch_size": "1"}, {"batch_size": 1.5}, {"batch_size": True}, {"folds": 1}, {"fold": -1}):
        with pytest.raises(ValidationError):
            DataConfig.model_validate({"_target_": "a.B", **DATA} | wrong)
    with pytest.raises(ValidationError):
        DataConfig.model_validate({"_target_": "a.B", **DATA}).batch_size = 2


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [({"total_steps": "steps"}, True), ({"T_max": 10}, True), ({"step_size": 3}, False), ({}, False)],
)
def test_a_schedule_planned_for_all_steps_is_known(arguments, needed):
    assert SchedulerConfig.model_validate({"_target_": "a.B", **arguments}).needs_total_steps == needed


def test_no_schedule_is_a_section_without_a_target():
    assert SchedulerConfig.model_validate({"interval": "step"}).target is None
