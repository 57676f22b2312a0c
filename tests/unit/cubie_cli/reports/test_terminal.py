from io import StringIO

import pytest
from rich.console import Console

from cubie_cli.reports.terminal import table


def test_cells_are_no_markup(printed):
    assert "[bold]x[/bold]" in printed(table("T", ["a"], [["[bold]x[/bold]"]]))


@pytest.mark.parametrize("width", [45, 60, 80, 160])
def test_a_table_breaks_no_word_and_names_each_row_in_each_part(width):
    columns = ("owner", "name", "location", "bytes below", "offset")
    rows = [("controller", "stage_accumulator", "persistent", "1048576", "0"), ("step", "slope", "local", "16", "8")]
    console = Console(width=width, file=StringIO())
    console.print(table("Buffers", columns, rows, numeric=("bytes below", "offset"), keys=2))
    lines = console.file.getvalue().splitlines()
    words = " ".join(lines).split()
    assert {word for row in rows for word in row} <= set(words)
    assert max(map(len, lines)) <= width
    parts = words.count("owner")
    assert parts == {45: 3, 60: 1, 80: 1, 160: 1}[width]
    assert words.count("stage_accumulator") == words.count("slope") == parts
