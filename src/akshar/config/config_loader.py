"""Hydra's config loader, which composes configs that differ only in plain values from the files only once."""

import copy
import pickle
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from uuid import uuid4

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra._internal.config_repository import IConfigRepository
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

SET_ONLY = ("hydra.sweep.subdir",)  # of Hydra's own keys one from which it makes nothing else
MANY = 10_000  # overrides, and keys
KEPT = 256  # trees, of about 50 kB each


class KeepingConfigLoader(ConfigLoaderImpl):
    """Composes what Hydra's own loader does, faster from the second time on.

    Hydra reads the files, merges them by the choices of groups, and then sets the plain values of the overrides one
    after the other. The merged tree is kept, and only the last step repeated. Files are read once: the jobs of a
    sweep get what was checked before the first of them, also if a file is edited meanwhile.

    Args:
        config_search_path: where configs are searched.
    """

    def __init__(self, config_search_path: ConfigSearchPath):
        super().__init__(config_search_path)
        self._name = uuid4().hex
        self._keep()

    def _keep(self) -> None:
        self._kept = lru_cache(KEPT)(self._compose)
        self._repositories = lru_cache(KEPT)(self._repository)
        self._is_group = lru_cache(MANY)(self._group_exists)

    def __reduce__(self) -> tuple[object, ...]:
        """Leave the trees behind on the way to another process, which makes one loader of all copies."""
        return _loader_of, (self._name, pickle.dumps((self.config_search_path, self.repository)))

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """Compose a config; see Hydra's `ConfigLoader`."""
        parsed = [_parse(override) for override in overrides]
        search_path = tuple(filter(_is_search_path, overrides))
        last = _last_values(parsed, lambda key: self._is_group(config_name, search_path, key))
        values = [parsed[place] for place in last]
        words = tuple(text for place, text in enumerate(overrides) if place not in last)
        tree = self._kept(config_name, words, run_mode, from_shell, validate_sweep_overrides)()
        try:
            self._apply_overrides_to_config(values, tree)
        except OmegaConfBaseException as error:
            raise ConfigCompositionException().with_traceback(sys.exc_info()[2]) from error
        task = [override for override in parsed if not override.is_hydra_override()]
        tree.hydra.overrides.task = [override.input_line for override in task]
        tree.hydra.overrides.hydra = [override.input_line for override in parsed if override.is_hydra_override()]
        naming = tree.hydra.job.config.override_dirname
        tree.hydra.job.override_dirname = get_overrides_dirname(
            overrides=task, exclude_keys=naming.exclude_keys, item_sep=naming.item_sep, kv_sep=naming.kv_sep
        )
        return tree

    def _compose(
        self, config_name: str | None, overrides: Sequence[str], run_mode: RunMode, *options: bool
    ) -> Callable[[], DictConfig]:
        """Compose a config as Hydra does; return what makes copies of it."""
        tree = super().load_configuration(config_name, [*overrides], run_mode, *options)
        try:
            return partial(pickle.loads, pickle.dumps(tree))
        except pickle.PicklingError:  # joblib gives its workers classes of plugins that are in no module
            return partial(copy.deepcopy, tree)

    def _repository(self, config_name: str | None, search_path: Sequence[str]) -> IConfigRepository:
        return self._parse_overrides_and_create_caching_repo(config_name, [*search_path])[1]

    def _group_exists(self, config_name: str | None, search_path: Sequence[str], key: str) -> bool:
        return self._repositories(config_name, search_path).group_exists(key)


@lru_cache(1)
def _loader_of(name: str, state: bytes) -> KeepingConfigLoader:
    # Without a repository of its own: Hydra has not yet registered there what reads the configs
    loader = KeepingConfigLoader.__new__(KeepingConfigLoader)
    loader._name = name
    loader.config_search_path, loader.repository = pickle.loads(state)
    loader._keep()
    return loader


@lru_cache(MANY)
def _parse(override: str) -> Override:
    return OverridesParser.create().parse_overrides([override])[0]


def _is_search_path(override: str) -> bool:
    return override.lstrip("+").startswith("hydra.searchpath=")


def _last_values(parsed: Sequence[Override], is_group: Callable[[str], bool]) -> list[int]:
    """List the places of the values behind the last override that does more than to set one, or to choose.

    Hydra sets values in the order of the overrides, after all choices.
    """
    places: list[int] = []
    for place, override in enumerate(parsed):
        is_choice = is_group(override.key_or_group) and not isinstance(override.value(), dict)
        is_own = override.is_hydra_override() and override.key_or_group not in SET_ONLY
        if override.is_sweep_override() or override.is_delete() or (is_own and not is_choice):
            places = []
        elif is_choice:
            continue
        elif override.package is not None or is_group(override.key_or_group):
            places = []
        else:
            places.append(place)
    return places
