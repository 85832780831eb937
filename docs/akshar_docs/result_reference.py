"""Reference of `result.json`: the keys of the typed `Result`, with their types and meanings."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from akshar.config.docstrings import argument_texts
from akshar.config.json_types import value_schema
from akshar.runs.result import Result
from akshar_docs.markdown_text import sentence
from akshar_docs.value_types import type_text


@dataclass(frozen=True)
class Record:
    """A mapping in the file.

    Attributes:
        path: its dotted key; "" for the whole file.
        summary: first line of the docstring of its type.
        keys: key -> type in words, as Markdown, and meaning.
    """

    path: str
    summary: str
    keys: Mapping[str, tuple[str, str]]


def result_reference() -> str:
    """Return a section for the whole file, and one for each mapping in it."""
    return "\n\n".join(_section(record) for record in records())


def records() -> list[Record]:
    """List the mappings of `result.json`, each type once, at its first place."""
    return [*_records(Result, "", {})]


def _records(kind: type, path: str, seen: dict[type, str]) -> Iterator[Record]:
    texts = {key: text for base in reversed(kind.__mro__) for key, text in argument_texts(base).items()}
    inner: list[tuple[type, str]] = []
    keys = {}
    for key, hint in _fields(kind).items():
        found = _record_in(hint)
        if found is None:
            keys[key] = (type_text(value_schema(hint)), texts.get(key, ""))
            continue
        if found not in seen:
            seen[found] = f"{path}.{key}" if path else key
            inner.append((found, seen[found]))
        keys[key] = (_kind(hint, seen[found]), texts.get(key, ""))
    yield Record(path, (inspect.getdoc(kind) or "").splitlines()[0], keys)
    for found, place in inner:
        yield from _records(found, place, seen)


def _fields(record: type) -> Mapping[str, Any]:
    hints = get_type_hints(record, include_extras=True)
    names = record.model_fields if issubclass(record, BaseModel) else [field.name for field in fields(record)]
    return {name: hints[name] for name in names}


def _record_in(hint: Any) -> type | None:
    """Find the type with fields in an annotation such as `list[Resume]` or `FitResult | None`."""
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, BaseModel)) and not get_args(hint):
        return hint
    return next((found for inner in get_args(hint) if (found := _record_in(inner))), None)


def _kind(hint: Any, place: str) -> str:
    link = f"[`{place}`](#{place.replace('.', '')})"  # a heading's anchor has no dots
    kind = f"list of {link}" if get_origin(hint) in (list, tuple) else link
    return f"{kind} or `null`" if type(None) in get_args(hint) else kind


def _section(record: Record) -> str:
    entries = [
        f"`{key}` ({kind})\n: {sentence(_capitalised(meaning))}" for key, (kind, meaning) in record.keys.items()
    ]
    return "\n\n".join([f"## {record.path or 'The whole file'}", sentence(record.summary), *entries])


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
