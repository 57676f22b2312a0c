"""`cubie plot`: a picture of a result, as a file or in the terminal."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cubie_cli.commands import completion
from cubie_cli.documents.messages import UsageError
from cubie_cli.plots.kind import Kind

if TYPE_CHECKING:
    from cubie_cli.plots.figure import Figure

Result = Annotated[Path, typer.Argument(metavar="RESULT", help="A result.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="The picture: .png, .svg or .pdf. Default: drawn in the terminal."
    ),
]
KindOfPicture = Annotated[
    Kind | None,
    typer.Option(
        "--kind", "-k", metavar="KIND", help=f"What is drawn: {', '.join(Kind)}. Default: what suits the result."
    ),
]
Quantities = Annotated[
    list[str] | None,
    typer.Option(
        "--quantity",
        "-q",
        metavar="NAME",
        help="What to draw: a name, an element such as u[3], a glob. Repeatable. Default: what is saved.",
        autocompletion=completion.quantities,
    ),
]
Runs = Annotated[str | None, typer.Option("--runs", metavar="A:B", help="The runs from A up to B only, or just A.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace a picture that exists.")]

_EXTRA = "pip install 'cubie-cli[plot]'"


def plot(
    result: Result,
    *,
    output: Output = None,
    kind: KindOfPicture = None,
    quantities: Quantities = None,
    runs: Runs = None,
    force: Force = False,
) -> None:
    """Draw a picture of a result: what suits it, or what is asked for. Runs that failed are left out."""
    from cubie_cli.plots.writing import check_picture, write_picture  # noqa: PLC0415 - each command loads what it needs

    library = "plotext" if output is None else "matplotlib"
    if find_spec(library) is None:
        raise UsageError(f"{library} is not installed, which draws pictures", hint=_EXTRA)
    if output is None and not _has_plotext():
        raise UsageError("this version of plotext draws otherwise", hint=_EXTRA)
    if output is not None:
        check_picture(output, result, force=force)
    figure = _figure(result, kind, quantities or (), runs)
    if output is None:
        from cubie_cli.plots import characters  # noqa: PLC0415

        characters.show(figure)
    else:
        write_picture(figure, output, force=force)
        typer.echo(f"{output}: {figure.kind} of {figure.title}" if figure.title else f"{output}: {figure.kind}")
    for remark in figure.remarks:
        typer.echo(f"note: {remark}", err=True)


def _has_plotext() -> bool:
    """Return whether plotext has what terminal pictures are made with: later versions go by other names."""
    from importlib.metadata import version  # noqa: PLC0415 - for the terminal alone

    return version("plotext").split(".")[0] == "5"


def _figure(result: Path, kind: Kind | None, names: "list[str] | tuple[str, ...]", runs: str | None) -> "Figure":
    from cubie_cli.batches.selection import select_runs  # noqa: PLC0415
    from cubie_cli.documents.damage import reading  # noqa: PLC0415
    from cubie_cli.plots.choosing import quantities, suited  # noqa: PLC0415
    from cubie_cli.plots.drawing import draw  # noqa: PLC0415
    from cubie_cli.plots.source import Source  # noqa: PLC0415
    from cubie_cli.results.opening import open_result  # noqa: PLC0415

    with reading(result), open_result(result) as file:
        given = quantities(file, names, kind)
        source = Source(file, select_runs(runs, len(file["run"])))
        return draw(source, given, kind or suited(source, given))
