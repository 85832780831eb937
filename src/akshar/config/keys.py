"""Dotted keys of a config: listing them, suggesting a near one, flattening a config, and comparing two."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from akshar.config.places import COPIES

# Copies of the data and what is only shown: no difference worth a column.
NOT_COMPARED = (*COPIES, "logger", "trainer.log_every_n_steps", "traceback", "test")

Differences = dict[str, tuple[Any, Any]]  # dotted key -> value before and after


def all_keys(config: Mapping[str, object], prefix: str = "", without: str = "") -> list[str]:
    """List every dotted key of a config, except `without` and the keys below it."""
    keys = []
    for name, value in config.items():
        path = f"{prefix}{name}"
        if path == without:
            continue
        keys.append(path)
        if isinstance(value, Mapping):
            keys += all_keys(value, f"{path}.", without)
    return keys


def differences(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> Differences:
    """Find the dotted keys whose values differ, with both values; None stands for a missing one or part.

    >>> differences({"seed": 1, "optimizer": {"lr": 0.1}}, {"seed": 1, "optimizer": {"lr": 0.2}})
    {'optimizer.lr': (0.1, 0.2)}
    """
    found: Differences = {}
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if isinstance(old or {}, Mapping) and isinstance(new or {}, Mapping) and (old or new):
            found |= differences(old or {}, new or {}, f"{prefix}{key}.")
        elif old != new:
            found[f"{prefix}{key}"] = (old, new)
    return found


def differing_keys(configs: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Find the dotted keys whose values are not the same in all configs, with the value in each; see `differences`.

    The name of a run, and keys of `NOT_COMPARED`, are left out.

    >>> differing_keys([{"seed": 1, "test": True}, {"seed": 2, "test": False}, {"seed": 1, "test": True}])
    {'seed': (1, 2, 1)}
    """
    first, *others = configs
    pairs = [differences(first, other) for other in others]
    before = {key: old for pair in pairs for key, (old, _) in pair.items()}
    return {
        key: (old, *(pair[key][1] if key in pair else old for pair in pairs))
        for key, old in before.items()
        if not any(key == other or key.startswith(f"{other}.") for other in ("name", *NOT_COMPARED))
    }


# Names from other frameworks, and the key that they mean
ELSEWHERE = {
    "epochs": "trainer.max_epochs",
    "learning_rate": "optimizer.lr",
    "kfold": "data.folds",
    "k": "data.folds",
    "num_epochs": "trainer.max_epochs",
    "n_epochs": "trainer.max_epochs",
}


def did_you_mean(word: str, words: Collection[str], prefix: str = "") -> str:
    """Return `"; did you mean X?"`, or an empty string where no word is near.

    A dotted key is compared first by its last name with the keys of its own section; a name without a section also
    with the last names of all others.
    """
    section, _, name = word.rpartition(".")
    if (usual := ELSEWHERE.get(name)) in words:
        return f"; did you mean {prefix}{usual}?"
    beside = {other.rpartition(".")[2]: other for other in words if other.rpartition(".")[0] == section}
    near = [beside[found] for found in get_close_matches(name, list(beside), n=1, cutoff=0.6)]
    near = near or get_close_matches(word, list(words), n=1, cutoff=0.8)
    near = near or [other for other in words if not section and other.rpartition(".")[2] == name]
    return f"; did you mean {prefix}{near[0]}?" if near else ""


def flatten(config: Mapping[str, object], prefix: str = "") -> dict[str, bool | int | float | str]:
    """Flatten a config to dotted keys with plain values; a part with a `_target_` is shown by its name.

    >>> flatten({"model": {"_target_": "akshar.models.compact.Compact", "widths": [8, 16]}, "test": True})
    {'model': 'Compact', 'model.widths': '[8, 16]'}
    """
    pairs: dict[str, bool | int | float | str] = {}
    for key, value in config.items():
        path = prefix + key
        if key == "_target_":
            pairs[prefix.rstrip(".")] = str(value).rpartition(".")[2]
        elif path in NOT_COMPARED or key.startswith("_"):
            continue
        elif isinstance(value, Mapping):
            pairs |= flatten(value, f"{path}.")
        else:
            pairs[path] = value if isinstance(value, bool | int | float | str) else str(value)
    return pairs
