"""Splits an `.ode` file into statements: lines put together, comments left out, arrays written out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cubie_cli.documents.encodings import trouble
from cubie_cli.documents.messages import UserError

_RANGE = re.compile(r"\[\s*(\d+)\s*\.\.\s*(\d+)\s*\]")
_INDEX = re.compile(r"\[([^\[\]]*)\]")
_PLAIN_INDEX = re.compile(r"\s*(?:(?P<j>j)\s*(?:(?P<sign>[-+*])\s*(?P<by>\d+))?|(?P<number>-?\d+))\s*")
_MOST_ELEMENTS = 10_000
_INCLUDE = re.compile(r"#include\s+(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """A statement in lower case, and the file and the line where it begins."""

    text: str
    path: Path
    line: int
    original: str


def text_of(content: bytes, path: Path) -> str:
    """Return the text of a file; raise `UserError` for what is none."""
    if wrong := trouble(content, "text"):
        raise UserError(wrong[0], path, hint=wrong[1])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # comments in files of old


def statements(text: str, path: Path, within: tuple[Path, ...] = ()) -> Iterator[Statement]:
    """Yield the statements of a file, and of files that it includes, up to `done`.

    Parameters
    ----------
    text, path
        The file.
    within
        The files that include it.

    Raises
    ------
    UserError
        For an array that cannot be written out, and a file that cannot be included.
    """
    for line, original in _joined(text):
        written = original.strip()
        if included := _INCLUDE.match(written):
            yield from _included(included[1].strip("\"'<>"), path, line, within)
            continue
        if written.lower() == "#done":  # as included files end
            return
        if not written or written[0] in "#\"'":
            continue
        if written.startswith("%"):
            if _RANGE.search(written):
                hint = "write the range into each of its lines, as in x[1..3]' = ..."
                raise UserError("a block of arrays cannot be imported", path, line, hint=hint)
            continue
        if written.lower() in ("done", "d"):
            return
        plain = re.sub(r"\s#.*", "", written)
        for each in _elements(plain, line, path):
            yield Statement(each.lower(), path, line, each)


def _included(name: str, path: Path, line: int, within: tuple[Path, ...]) -> Iterator[Statement]:
    other = path.parent / name
    if other.resolve() in {each.resolve() for each in (path, *within)}:
        raise UserError(f"{name} is included by itself", path, line)
    try:
        content = other.read_bytes()
    except OSError as error:
        hint = "the name is relative to this file"
        raise UserError(f"cannot include {other}: {error.strerror}", path, line, hint=hint) from None
    yield from statements(text_of(content, other), other, (path, *within))


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines that are continued by a backslash as one, with the number of the first."""
    first, parts = 1, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if not parts:
            first = number
        ends = line.rstrip()
        parts.append(ends.removesuffix("\\"))
        if not ends.endswith("\\"):
            yield first, " ".join(parts)
            parts = []
    if parts:
        yield first, " ".join(parts)


def _elements(text: str, line: int, path: Path) -> Iterator[str]:
    """Yield a statement once for each index of its range."""
    found = _RANGE.search(text)
    if found is None:
        yield text if text.startswith("@") else _written(text, None, line, path)
        return
    first, last = int(found[1]), int(found[2])
    if last < first or last - first >= _MOST_ELEMENTS:
        raise UserError(f"the range {found[0]} cannot be written out", path, line)
    for index in range(first, last + 1):
        yield _written(_RANGE.sub(str(index), text), index, line, path)


def _written(text: str, index: int | None, line: int, path: Path) -> str:
    """Return a statement with numbers in place of its indices."""

    def number(found: re.Match[str]) -> str:
        parts = _PLAIN_INDEX.fullmatch(found[1])
        if parts is None or (parts["j"] and index is None):
            raise UserError(f"the index [{found[1]}] cannot be written out", path, line, hint="such as [j], [j-1], [3]")
        if parts["number"]:
            return parts["number"]
        value, by = index or 0, int(parts["by"] or 0)
        return str({"+": value + by, "-": value - by, "*": value * by}.get(parts["sign"], value))

    return _INDEX.sub(number, text)
