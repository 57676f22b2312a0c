"""The keys of a run configuration as --set names them, and the words that some take, for shells to complete."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from cubie_cli.configurations.schema import RunConfiguration


def keys(table: type[BaseModel] = RunConfiguration, prefix: str = "") -> Iterator[str]:
    """Yield the keys of a table, but for those whose names a user gives."""
    for name, field in table.model_fields.items():
        found = field.annotation
        if isinstance(found, type) and issubclass(found, BaseModel):
            yield from keys(found, f"{prefix}{name}.")
        elif get_origin(field.annotation) is not dict:
            yield f"{prefix}{name}"


def choices(key: str) -> list[str]:
    """Return the words that a key takes; none where it takes others, or is no key."""
    found: Any = RunConfiguration
    for part in key.split("."):
        if part not in getattr(found, "model_fields", ()):
            return []
        found = found.model_fields[part].annotation
    return [*_words(found)]


def _words(annotation: Any) -> Iterator[str]:
    if annotation is bool:
        yield from ("true", "false")
    elif get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    else:
        for each in get_args(annotation):
            yield from _words(each)
