"""Composes a config from overrides, once, and validates it, once; every problem is reported at the same time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from akshar.config.added_keys import argument_keys, with_plus
from akshar.config.conf_dir import conf_dir
from akshar.config.config_loader import KeepingConfigLoader
from akshar.config.idle_sections import idle_key_problems
from akshar.config.left_over_keys import with_ways_out
from akshar.config.overrides import (
    choices_of,
    first_of_sweep,
    group_problems,
    is_hydra_override,
    key_problem,
    parse,
)
from akshar.config.schema import TrainConfig
from akshar.config.tree import compose_tree, to_record
from akshar.config.validate import Config, validate
from akshar.errors import UsageError, first_line


@dataclass(frozen=True)
class Composed(Generic[Config]):
    """A valid config.

    Attributes:
        config: typed.
        tree: what Hydra composed, with its own `hydra` node.
        overrides: as they were given, with `++` before keys that only their part's target knows.
    """

    config: Config
    tree: DictConfig
    overrides: tuple[str, ...]

    @property
    def is_multirun(self) -> bool:
        """Whether a preset made this a sweep."""
        return self.tree.hydra.mode == RunMode.MULTIRUN


@contextmanager
def composing(config_name: str) -> Iterator[None]:
    """Let Hydra compose from `conf/` inside the `with` block; its files are read once."""
    found = GlobalHydra.instance().hydra  # of an application or a notebook that calls akshar
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf_dir()), job_name=config_name, version_base="1.3"):
            hydra = GlobalHydra.instance().hydra
            assert hydra is not None
            hydra.config_loader = KeepingConfigLoader(hydra.config_loader.get_search_path())
            yield
    finally:
        GlobalHydra.instance().hydra = found


def compose(
    config_name: str, overrides: Sequence[str], schema: type[Config], multirun: bool = False
) -> Composed[Config]:
    """Compose and validate a config; to be called inside `composing`.

    Args:
        config_name: "train" or "test".
        overrides: in Hydra's grammar; of a sweep, the first value of each key is composed.
        schema: of the config.
        multirun: whether a key may have several values.

    Raises:
        UsageError: with every problem found.
    """
    parsed, problems = parse(overrides)
    if not multirun:
        several = [text for override, text in parsed if override.is_sweep_override()]
        problems += [f"{text}: several values need akshar {config_name} -m" for text in several]
    try:
        return _compose(config_name, parsed, problems, schema)
    except UsageError as error:
        raise UsageError(*with_ways_out(config_name, overrides, error.problems)) from error


def _compose(
    config_name: str, parsed: Sequence[tuple[Override, str]], problems: list[str], schema: type[Config]
) -> Composed[Config]:
    choices = {text: choices_of(override, parsed) for override, text in parsed}
    wrong = {text: group_problems(override, choices[text]) for override, text in parsed if choices[text]}
    problems += [problem for found in wrong.values() for problem in found]
    if not problems:
        with suppress(HydraException, OmegaConfBaseException):  # a key may need a `+`
            return _compose_valid(config_name, parsed, schema)
    # Compose once more without the values, so that each of them can be completed, or checked by itself.
    good = [first_of_sweep(override, text) for override, text in parsed if choices[text] and not wrong[text]]
    good += [text for override, text in parsed if is_hydra_override(override)]
    values = [pair for pair in parsed if not choices[pair[1]] and not is_hydra_override(pair[0])]
    failure = ""
    try:
        known = _known_keys(config_name, good, values)
        completed = {text: with_plus(override, text, known) for override, text in values}
        if not problems:
            try:
                return _compose_valid(config_name, [completed.get(text, (o, text)) for o, text in parsed], schema)
            except (HydraException, OmegaConfBaseException) as error:
                failure = first_line(error)
        for override, text in completed.values():
            if problem := key_problem(override, known, argument_keys(override.key_or_group, known)):
                problems.append(problem)
            else:
                good.append(first_of_sweep(override, text))
        validate(to_record(compose_tree(config_name, good)), schema)
    except UsageError as error:
        problems += error.problems
    except (HydraException, OmegaConfBaseException) as error:
        problems.append(first_line(error))
    raise UsageError(*dict.fromkeys(problems or [failure]))


def _compose_valid(
    config_name: str, parsed: Sequence[tuple[Override, str]], schema: type[Config]
) -> Composed[Config]:
    tree = compose_tree(config_name, [first_of_sweep(override, text) for override, text in parsed])
    config = validate(to_record(tree), schema)
    keys = [override.key_or_group for override, _ in parsed]
    if isinstance(config, TrainConfig) and (idle := idle_key_problems(config, keys)):
        raise UsageError(*idle)
    return Composed(config, tree, tuple(text for _, text in parsed))


def _known_keys(config_name: str, good: Sequence[str], values: Sequence[tuple[Override, str]]) -> dict[str, Any]:
    """Compose the choices, and the targets and keys that the values add to them."""
    added = [
        f"++{first_of_sweep(override, text).lstrip('+')}"
        for override, text in values
        if override.is_add() or override.is_force_add() or override.key_or_group.endswith("._target_")
    ]
    try:
        tree = compose_tree(config_name, [*good, *added])
    except (HydraException, OmegaConfBaseException):
        tree = compose_tree(config_name, good)
    known = OmegaConf.to_container(tree, resolve=False)
    assert isinstance(known, dict)
    return {str(key): value for key, value in known.items()}
