"""Lays out what commands print: the console and its width, tables, names beside values."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

_WIDTH_OF_FILES = 140
#: Columns between those of a table.
_GAP = 2


def console() -> Console:
    """Return standard output: as wide as the terminal, and wide enough for every column in a file."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDTH_OF_FILES)


def summary(title: str, pairs: Iterable[tuple[str, str]]) -> RenderableType:
    """Return what a command has to say as two columns under a title."""
    result = Table(box=None, show_header=False, pad_edge=False)
    result.add_column(style="dim")
    result.add_column(overflow="fold")
    for name, value in pairs:
        result.add_row(Text(name), Text(value))
    return Group(Text(title, style="bold"), result, Text(""))


def commands(title: str, lines: Iterable[str]) -> Iterator[RenderableType]:
    """Yield command lines under a title; each stays one line however long it is, so that it can be copied."""
    yield Text(title, style="bold")
    # In a group, because what is printed by itself is wrapped all the same.
    yield Group(*(Text(line, no_wrap=True, overflow="ignore") for line in lines))


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[str] = (), keys: int = 1
) -> RenderableType:
    """Return a table whose cells are text, not markup.

    Parameters
    ----------
    title
        Its heading.
    columns
        Headings, in order.
    rows
        A cell for each column.
    numeric
        The columns set to the right.
    keys
        How many columns name a row: they stand before the others again where these have no room beside each other.
    """
    return _Fitted(title, columns, list(rows), numeric, keys)


@dataclass(frozen=True)
class _Fitted:
    """A table in as many parts below each other as it takes to break no word."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[str]
    keys: int

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        # Its own title would be as narrow as the table.
        yield Text(self.title, style="italic")
        for number, part in enumerate(self._parts(options.max_width)):
            if number:
                yield ""
            yield self._part(part, options.max_width)

    def _parts(self, width: int) -> Iterator[list[int]]:
        """Yield the positions of the columns of each part."""
        names = list(range(self.keys))
        part = list(names)
        for at in range(self.keys, len(self.columns)):
            if len(part) > self.keys and sum(self._needed(each) + _GAP for each in (*part, at)) - _GAP > width:
                yield part
                part = list(names)
            part.append(at)
        yield part

    def _needed(self, at: int) -> int:
        """Return the width in which no word of a column is broken."""
        return max(map(_widest_word, self._texts(at)))

    def _texts(self, at: int) -> list[str]:
        return [self.columns[at], *(row[at] for row in self.rows)]

    def _part(self, part: Sequence[int], width: int) -> Table:
        result = Table(box=None, header_style="bold", pad_edge=False)
        needed = [self._needed(at) for at in part]
        spare = max(width - sum(needed) - _GAP * (len(part) - 1), 0)
        for at, least in zip(part, needed, strict=True):
            more = min(max(map(len, self._texts(at))) - least, spare)
            spare -= more
            justify: JustifyMethod = "right" if self.columns[at] in self.numeric else "left"
            result.add_column(self.columns[at], justify=justify, overflow="fold", width=least + more)
        for row in self.rows:
            result.add_row(*(Text(row[at]) for at in part))
        return result


def _widest_word(text: str) -> int:
    """Return the columns that a text needs in which no word is broken."""
    indented = len(text) - len(text.lstrip())
    return indented + max(map(len, text.split()), default=0)
