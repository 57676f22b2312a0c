"""Takes what a Python program gives in place of a TOML file: tables as dictionaries, and arrays where lists stand."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cubie_cli.documents.document import Document
from cubie_cli.documents.messages import UserError
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.toml_text import toml_text

#: What a model is called that has no name.
_NAME = "model"
_DEEPEST = 50
_PLAIN = (bool, int, float, str)
_REMEDY = "tables are dictionaries, and in them are numbers, texts, True or False, and lists or arrays of these"


@dataclass(frozen=True)
class Given(Document):
    """Values that a program gave; messages name the keys by which it finds them.

    Parameters
    ----------
    names
        What the program calls the tables at some key paths.
    """

    names: Mapping[KeyPath, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The SHA-256 of its text, as no file has it."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def error(
        self,
        message: str,
        path: KeyPath,
        at: Literal["key", "value"] = "value",
        hint: str | None = None,
        offset: int | None = None,
    ) -> UserError:
        """Return an error at a key path, or at a character of the text that stands there; see `Document.error`."""
        hint = hint and hint.replace("this file", "the working folder")
        text = self.get(path)
        if at == "value" and offset is not None and isinstance(text, str) and "\n" not in text:
            return UserError(message, self._place(path), column=offset + 1, hint=hint, source=text)
        return UserError(message, self._place(path), hint=hint)

    def _place(self, path: KeyPath) -> str:
        """Return how a program writes the nearest key path that is there."""
        while path not in self.names and self.get(path) is None:
            path = path[:-1]
        return place(path, self.names)


def given(data: Any, names: Mapping[KeyPath, str]) -> Given:
    """Return a program's values as a document.

    Parameters
    ----------
    data
        Dictionaries, lists and arrays of numbers and texts; tables of columns, such as pandas' data frames, are as good
        as dictionaries.
    names
        What the program calls the tables at some key paths, () among them.

    Raises
    ------
    UserError
        For a value of another kind, at its key.
    """
    found = _Reader(names).plain(data, ())
    return Given(Path(_NAME), toml_text(found), found, names=names)


def place(path: KeyPath, names: Mapping[KeyPath, str]) -> str:
    """Return how a program writes a key path."""
    known = next(path[:length] for length in range(len(path), -1, -1) if path[:length] in names)
    return names[known] + "".join(f"[{part!r}]" for part in path[len(known) :])


@dataclass(frozen=True)
class _Reader:
    names: Mapping[KeyPath, str]

    def plain(self, value: Any, path: KeyPath) -> Any:
        """Return a value as TOML would give it."""
        if len(path) > _DEEPEST:
            raise UserError("this is nested too deeply", place(path[:3], self.names))
        if isinstance(value, _PLAIN):
            return self._scalar(value, path)
        if isinstance(value, Mapping) or _has_columns(value):
            return {self._key(key, path): self.plain(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, PathLike):
            return fspath(value)
        if isinstance(value, list | tuple | range):
            return self._list(list(value), path)
        if hasattr(value, "__array__"):
            found = np.asarray(value).tolist()
            return self._list(found, path) if isinstance(found, list) else self._scalar(found, path)
        raise self._error(value, path)

    def _list(self, values: list[Any], path: KeyPath) -> list[Any]:
        if set(map(type, values)) <= {int, float}:
            return values  # there may be millions
        return [self.plain(each, (*path, index)) for index, each in enumerate(values)]

    def _key(self, key: Any, path: KeyPath) -> str:
        if isinstance(key, str) and _is_text(key):
            return str(key)
        raise UserError(f"a key is a text, this is {key!r}", place(path, self.names))

    def _scalar(self, value: Any, path: KeyPath) -> Any:
        if isinstance(value, str) and not _is_text(value):
            raise UserError("this is a text that no file can hold", place(path, self.names))
        for kind in _PLAIN:  # in this order: True is an integer too
            if isinstance(value, kind):
                return kind(value)
        raise self._error(value, path)

    def _error(self, value: Any, path: KeyPath) -> UserError:
        where = place(path, self.names)
        if value is None:
            return UserError("None is no value", where, hint="leave the key out: what is not given has its default")
        return UserError(f"a {type(value).__name__} is nothing that can stand here", where, hint=_REMEDY)


def _has_columns(value: Any) -> bool:
    return hasattr(value, "columns") and hasattr(value, "items")


def _is_text(text: str) -> bool:
    """Return whether a text can be written to a file."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
