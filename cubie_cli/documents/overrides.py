"""Applies what --set says to a document: `table.key=value`, or `@FILE` with many of them."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli

from cubie_cli.documents.document import Document, read_document
from cubie_cli.documents.messages import ExitCode, UserError
from cubie_cli.documents.paths import resolved
from cubie_cli.documents.positions import KeyPath

#: What begins a list or a table.
_BRACKETS = {"[", "{"}
_QUOTED = "text inside of brackets stands in quotes, all in others for the shell: --set 'output.states=[\"x\"]'"


def apply_overrides(document: Document, options: tuple[str, ...]) -> Document:
    """Return a document with options applied, in order.

    Parameters
    ----------
    options
        `table.key=value`, where a value is TOML, or else the string itself; or `@FILE`, all values of a TOML file.

    Raises
    ------
    UserError
        An option has no `=`, its key is no TOML key or goes through a value that is no table, or its file cannot be
        read.
    """
    for option in options:
        if option.startswith("@"):
            other = read_document(resolved(Path(), option[1:]))
            for path, value in leaves(other.data):
                document = with_value(document, path, value, option, other)
        else:
            document = with_value(document, *_parse_option(option), option, option)
    return document


def leaves(table: Mapping[str, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Yield the key path and value of everything that is no table."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def with_value(document: Document, path: KeyPath, value: Any, option: str, origin: str | Document) -> Document:
    """Return a document with another value at a key path.

    Parameters
    ----------
    option, origin
        The option that says so, and where mistakes in the value are: in the option, or in a file.

    Raises
    ------
    UserError
        The path goes through a value that is no table.
    """
    data = deepcopy(dict(document.data))
    table: Any = data
    for part in path[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise _option_error(option, f"{part!r} is no table", "name a key as in solve.rtol")
    table[path[-1]] = value
    return replace(document, data=data, overrides={**document.overrides, path: origin})


def _parse_option(option: str) -> tuple[tuple[str, ...], Any]:
    left, equals, right = option.partition("=")
    try:
        found: Any = tomli.loads(f"{left} = 0")
    except (tomli.TOMLDecodeError, RecursionError):
        found = None
    if not equals or not found or "\n" in left or "#" in left:
        raise _option_error(option, "this is not table.key=value", "write it as in --set solve.rtol=1e-8")
    path: tuple[str, ...] = ()
    while isinstance(found, dict):
        (name, found), *_ = found.items()
        path = (*path, name)
    if not right.strip():
        raise _option_error(option, "the value is missing after '='", "an empty text is written as '\"\"'")
    try:
        values = tomli.loads(f"value = {right}")
    except (ValueError, RecursionError):
        if right.lstrip()[:1] in _BRACKETS:
            raise _option_error(option, "the value is not TOML", _QUOTED) from None
        return path, right
    return path, values["value"] if list(values) == ["value"] else right


def _option_error(option: str, message: str, hint: str) -> UserError:
    return UserError(f"--set {option}: {message}", hint=hint, exit_code=ExitCode.USAGE)
