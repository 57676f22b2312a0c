"""Reads tables, numbers and texts of a document one by one, and refuses anything else in their place."""

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from cubie_cli.documents.document import Document
from cubie_cli.documents.other_names import told_of
from cubie_cli.documents.positions import KeyPath
from cubie_cli.documents.suggestions import did_you_mean

#: Of what users give names to.
LONGEST_NAME = 200

_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a table",
}
_DATE = "a date or time"

#: What to write where a number is needed.
_INSTEAD = {"true or false": "write 1 or 0", _DATE: "count time from a moment of your choice, as in 36.5"}


def kind_of(value: Any) -> str:
    """Return in words what a TOML value is."""
    return _KINDS.get(type(value), _DATE)


def table(document: Document, path: KeyPath) -> Mapping[str, Any]:
    """Return the table at a key path, empty where there is none; raise `UserError` for anything else."""
    found = document.get(path, {})
    if not isinstance(found, dict):
        hint = 'as in set = { x = "x + 1" }' if path[-1] == "set" else None
        raise document.error(f"{path[-1]!r} must be a table, this is {kind_of(found)}", path, hint=hint)
    return found


def check_keys(document: Document, path: KeyPath, known: Iterable[str], place: str = "") -> None:
    """Raise `UserError` for the first key of a table that is not known; `place` is that of `told_of`."""
    names = list(known)
    for key in table(document, path) if path else document.data:
        if key not in names:
            where = f" in [{'.'.join(map(str, path))}]" if path else ""
            hint = told_of(place, key) or did_you_mean(key, names)
            raise document.error(f"unknown key {key!r}{where}", (*path, key), "key", hint)


def number(document: Document, path: KeyPath) -> float:
    """Return the finite number at a key path; raise `UserError` for anything else."""
    value = document.get(path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        hint = "take the quotes away" if isinstance(value, str) and _is_number(value) else _INSTEAD.get(kind_of(value))
        raise document.error(f"a number is needed, this is {kind_of(value)}", path, hint=hint)
    try:
        value = float(value)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise document.error("the number must be finite", path)
    return value


def numbers(document: Document, path: KeyPath) -> np.ndarray:
    """Return the finite numbers of the list at a key path, float64; raise `UserError` at what is none of them."""
    values = document.get(path)
    if set(map(type, values)) <= {int, float}:
        with suppress(OverflowError):
            found = np.array(values, dtype=np.float64)
            if np.isfinite(found).all():
                return found  # there may be millions
    return np.array([number(document, (*path, index)) for index in range(len(values))])


def text(document: Document, path: KeyPath) -> str:
    """Return the text at a key path; raise `UserError` for anything else."""
    value = document.get(path)
    if not isinstance(value, str):
        raise document.error(f"text in quotes is needed, this is {kind_of(value)}", path)
    return value


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
