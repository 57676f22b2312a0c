from cubie_cli.reports.terminal import table


def test_cells_are_no_markup(printed):
    assert "[bold]x[/bold]" in printed(table("T", ["a"], [["[bold]x[/bold]"]]))
