"""`cubie export`: chosen quantities of a result, as text or as a smaller file."""

from pathlib import Path
from typing import Annotated

import typer

from cubie_cli.commands import completion
from cubie_cli.documents.messages import UsageError, counted

Result = Annotated[Path, typer.Argument(metavar="RESULT", help="A result.")]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write: .csv, or .nc for netCDF-4.")
]
Quantities = Annotated[
    list[str] | None,
    typer.Option(
        "--quantity",
        metavar="NAME",
        help="What to write: a name, an element such as u[3], a glob. Repeatable. Default: all saved.",
        autocompletion=completion.quantities,
    ),
]
Runs = Annotated[str | None, typer.Option("--runs", metavar="A:B", help="The runs from A up to B only, or just A.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]

_ENDINGS = (".csv", ".nc")


def export(
    result: Result, *, output: Output, quantities: Quantities = None, runs: Runs = None, force: Force = False
) -> None:
    """Write quantities of a result as CSV, a row for each run and time, or as netCDF."""
    from cubie_cli.batches.selection import select_runs  # noqa: PLC0415 - each command loads what it needs
    from cubie_cli.documents.damage import reading  # noqa: PLC0415
    from cubie_cli.results import export as exporting  # noqa: PLC0415
    from cubie_cli.results.destination import check_destination, made  # noqa: PLC0415
    from cubie_cli.results.kinds import RESULT, TABLE  # noqa: PLC0415
    from cubie_cli.results.opening import open_result  # noqa: PLC0415

    if output.suffix not in _ENDINGS:
        raise UsageError(f"the output is neither .csv nor .nc: {output}", hint="the ending says what is written")
    kind = TABLE if output.suffix == ".csv" else RESULT
    check_destination(output, inputs=[result], force=force, kind=kind)
    with reading(result), open_result(result) as file:
        wanted = quantities or ()
        found = exporting.with_swept(file, exporting.chosen(file, wanted), again=kind is RESULT)
        selected = select_runs(runs, len(file["run"]))
        with made(output, replace=force) as temporary:
            if kind is TABLE:
                with temporary.open("w", encoding="utf-8", newline="\n") as stream:
                    rows = exporting.write_csv(file, found, selected, stream, times="time" in wanted)
                told = f"{rows:,} rows"
            else:
                exporting.write_netcdf(file, found, selected, temporary)
                told = counted(len(selected), "run")
    typer.echo(f"{output}: {told} of {', '.join(quantity.name for quantity in found)}")
