"""`cubie export`: chosen quantities of a result, as text or as a smaller file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cubie_cli.documents.messages import OutputError, UsageError, UserError

if TYPE_CHECKING:
    import h5py

Result = Annotated[Path, typer.Argument(metavar="RESULT", help="A result.")]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write: .csv, or .nc for netCDF-4.")
]
Quantities = Annotated[
    list[str] | None,
    typer.Option("--quantity", metavar="NAME", help="What to write; globs too. Repeatable. Default: all saved."),
]
Runs = Annotated[str | None, typer.Option("--runs", metavar="A:B", help="The runs from A up to B only, or just A.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]

_ENDINGS = (".csv", ".nc")


def export(
    result: Result, *, output: Output, quantities: Quantities = None, runs: Runs = None, force: Force = False
) -> None:
    """Write quantities of a result as CSV, a row for each run and time, or as netCDF."""
    from cubie_cli.batches.selection import select_runs  # noqa: PLC0415 - each command loads what it needs
    from cubie_cli.results import export as exporting  # noqa: PLC0415
    from cubie_cli.results.destination import check_destination  # noqa: PLC0415

    if output.suffix not in _ENDINGS:
        raise UsageError(f"the output is neither .csv nor .nc: {output}", hint="the ending says what is written")
    check_destination(output, inputs=[result], force=force)
    with _opened(result) as file:
        names = exporting.with_swept(file, exporting.chosen(file, quantities or ()))
        selected = select_runs(runs, len(file["run"]))
        temporary = _temporary(output)
        try:
            if output.suffix == ".csv":
                with temporary.open("w", encoding="utf-8", newline="\n") as stream:
                    rows = exporting.write_csv(file, names, selected, stream)
                told = f"{rows:,} rows"
            else:
                exporting.write_netcdf(file, names, selected, temporary)
                told = f"{len(selected):,} runs"
            temporary.replace(output)
        finally:
            temporary.unlink(missing_ok=True)
    typer.echo(f"{output}: {told} of {', '.join(names)}")


def _temporary(output: Path) -> Path:
    """Return an empty file beside the output."""
    import tempfile  # noqa: PLC0415 - slow to import, and every command loads this module

    try:
        descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name[:50]}.")
    except OSError as error:
        raise OutputError(f"cannot write {output}: {error.strerror}") from error
    mask = os.umask(0)
    os.umask(mask)
    os.fchmod(descriptor, 0o666 & ~mask)
    os.close(descriptor)
    return Path(name)


def _opened(path: Path) -> "h5py.File":
    import h5py  # noqa: PLC0415

    from cubie_cli.reports.result_summary import is_result  # noqa: PLC0415

    if not path.exists():
        raise UserError("no such file", path)
    if not path.is_file() or not h5py.is_hdf5(path):
        raise UserError("this is no HDF5 file", path, hint="give what `cubie run` has written")
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        raise UserError(f"cannot read {path}: it is damaged", path) from error
    if not is_result(file):
        file.close()
        raise UserError("this is no result of cubie", path)
    return file
