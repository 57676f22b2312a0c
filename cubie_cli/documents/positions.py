"""Finds where each key, value and character of a TOML text stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomli

if TYPE_CHECKING:
    from tree_sitter import Node

KeyPath = tuple[str | int, ...]

_SHORT_ESCAPES = 2
_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}


@dataclass(frozen=True)
class Span:
    """Where a key and its value begin, as offsets into the text; `raw` is the value as written."""

    key: int
    value: int
    raw: str


def locate(text: str) -> Mapping[KeyPath, Span]:
    """Return the span of every table, key and array element of a valid TOML text.

    Around what the grammar does not cover (it is that of TOML 1.0) spans may be missing.
    """
    import tree_sitter  # noqa: PLC0415 - a second parser, which only a mistake needs
    import tree_sitter_toml  # noqa: PLC0415

    language = tree_sitter.Language(tree_sitter_toml.language())
    source = text.encode()
    return _Locator(source, text.isascii()).locate(tree_sitter.Parser(language).parse(source).root_node)


class _Locator:
    def __init__(self, source: bytes, ascii_only: bool) -> None:  # noqa: FBT001 - one private caller
        self._source = source
        self._ascii = ascii_only
        self._spans: dict[KeyPath, Span] = {}
        self._lengths: dict[KeyPath, int] = {}

    def locate(self, root: "Node") -> Mapping[KeyPath, Span]:
        for node in root.children:
            if node.type == "pair":
                self._pair(node, ())
            elif node.type in ("table", "table_array_element"):
                self._table(node)
        return self._spans

    def _offset(self, byte: int) -> int:
        return byte if self._ascii else len(self._source[:byte].decode(errors="replace"))

    def _text(self, node: "Node") -> str:
        return self._source[node.start_byte : node.end_byte].decode(errors="replace")

    def _put(self, path: KeyPath, key: "Node", value: "Node") -> None:
        self._spans[path] = Span(self._offset(key.start_byte), self._offset(value.start_byte), self._text(value))

    def _table(self, node: "Node") -> None:
        heads = [child for child in node.children if child.type in _KEYS]
        if not heads:
            return
        path: KeyPath = ()
        parts = list(self._key_parts(heads[0]))
        for position, (name, part) in enumerate(parts):
            path = (*path, name)
            is_new_element = node.type == "table_array_element" and position == len(parts) - 1
            if is_new_element:
                self._lengths[path] = self._lengths.get(path, 0) + 1
            self._spans.setdefault(path, Span(self._offset(part.start_byte), self._offset(part.start_byte), ""))
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
                self._spans.setdefault(path, Span(self._offset(part.start_byte), self._offset(part.start_byte), ""))
        for child in node.children:
            if child.type == "pair":
                self._pair(child, path)

    def _pair(self, node: "Node", path: KeyPath) -> None:
        key, *_, value = [child for child in node.children if child.type != "ERROR"]
        for name, part in self._key_parts(key):
            path = (*path, name)
            if path not in self._spans:
                self._put(path, part, value)
        self._put(path, key, value)
        self._value(value, path)

    def _value(self, node: "Node", path: KeyPath) -> None:
        if node.type == "inline_table":
            for child in node.children:
                if child.type == "pair":
                    self._pair(child, path)
        elif node.type == "array":
            elements = [child for child in node.children if child.type not in _PUNCTUATION]
            for position, child in enumerate(elements):
                self._put((*path, position), child, child)
                self._value(child, (*path, position))

    def _key_parts(self, node: "Node") -> Iterator[tuple[str, "Node"]]:
        if node.type == "dotted_key":
            for child in node.children:
                yield from self._key_parts(child)
        elif node.type == "bare_key":
            yield self._text(node), node
        elif node.type == "quoted_key":
            yield next(iter(tomli.loads(f"{self._text(node)} = 0"))), node


_KEYS = ("bare_key", "quoted_key", "dotted_key")
_PUNCTUATION = ("[", "]", ",", "comment", "ERROR")


def string_offsets(raw: str) -> list[int]:
    """Return, for each character of a string's value, its offset in the string as written, quotes included.

    Parameters
    ----------
    raw
        A TOML string with its quotes.

    Returns
    -------
    list of int
        One offset a character, and one more for the end.
    """
    quote = raw[:3] if raw[:3] in ('"""', "'''") else raw[:1]
    position, end = len(quote), len(raw) - len(quote)
    if len(quote) > 1:
        position += len(raw[position:]) - len(raw[position:].removeprefix("\r\n").removeprefix("\n"))
    offsets = []
    while position < end:
        length = _escape_length(raw, position) if quote[0] == '"' and raw[position] == "\\" else 1
        if length > 0:
            offsets.append(position)
            position += length
        else:
            position = end - len(raw[position + 1 : end].lstrip())
    return [*offsets, end]


def _escape_length(raw: str, position: int) -> int:
    """Return how long an escape is; 0 for a backslash that joins lines."""
    kind = raw[position + 1]
    return 0 if kind.isspace() else _ESCAPE_LENGTHS.get(kind, _SHORT_ESCAPES)
