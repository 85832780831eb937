"""Keys that an experiment sets for its choice of a group, and that are left over when another is chosen.

As `optimizer.adam_ratio` of `experiment=fast`, which uses Muon, with `optimizer=sgd`.
"""

from collections.abc import Sequence
from contextlib import suppress

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from akshar.config.groups import PARTS
from akshar.config.keys import all_keys
from akshar.config.overrides import first_of_sweep, parse
from akshar.config.tree import compose_tree


def with_ways_out(config_name: str, overrides: Sequence[str], problems: Sequence[str]) -> Sequence[str]:
    """Add to each problem with a key that is left over where the key comes from, and how to leave it out.

    Args:
        config_name: "train" or "test".
        overrides: in Hydra's grammar.
        problems: of the config composed with them, one line each, beginning with the key.

    Returns:
        The problems in their order; the others are as they were.
    """
    parsed, _ = parse(overrides)
    experiments = [pair for pair in parsed if pair[0].key_or_group == "experiment"]
    choices = [pair for pair in parsed if pair[0].key_or_group in PARTS]
    if not experiments or not choices:
        return problems
    with suppress(HydraException, OmegaConfBaseException):
        left_over = _keys(config_name, [*choices, *experiments]) - _keys(config_name, choices)
        left_over -= {override.key_or_group for override, _ in parsed}
        sections = {override.key_or_group for override, _ in choices}
        left_over = {key for key in left_over if key.partition(".")[0] in sections}
        source = first_of_sweep(*experiments[-1])
        return [_with_way_out(problem, left_over, source) for problem in problems]
    return problems


def _keys(config_name: str, parsed: Sequence[tuple[Override, str]]) -> set[str]:
    tree = compose_tree(config_name, [first_of_sweep(override, text) for override, text in parsed])
    known = OmegaConf.to_container(tree, resolve=False)
    assert isinstance(known, dict)
    return {*all_keys({str(key): value for key, value in known.items()})}


def _with_way_out(problem: str, left_over: set[str], source: str) -> str:
    start = problem.partition(";")[0]
    key = start.partition(":")[0].partition("=")[0].removesuffix("._target_")
    if key not in left_over:
        return problem
    return f"{start}; {source} sets it for another choice: leave it out with '~{key}'"
