"""Lays out what commands print: the console and its width, tables, names beside values."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

_WIDTH_OF_FILES = 140


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
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[str] = ()
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
    """
    result = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        result.add_column(column, justify="right" if column in numeric else "left", overflow="fold")
    for row in rows:
        result.add_row(*(Text(cell) for cell in row))
    # Its own title would be as narrow as the table.
    return Group(Text(title, style="italic"), result)
