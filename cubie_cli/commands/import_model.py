"""`cubie import`: a model in the format of another program, as a model file."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from cubie_cli.commands.options import Json
from cubie_cli.documents.messages import UsageError, counted

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A model in SBML, CellML or Antimony, an .ode file of XPP, or the .yaml file of a PEtab problem.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="MODEL.toml", help="The model file; default: FILE's name with .toml, here."),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="RUN.toml", help="Write a run configuration too; for XPP and PEtab default: NAME.run.toml."
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format", metavar="NAME", help="sbml, cellml, antimony, xpp or petab; default: what FILE looks like."
    ),
]
#: Which option names each of the files.
_OPTIONS = {"model": "--output", "config": "--config", "conditions": "--config", "sample": "--config"}
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]


def import_model(
    file: File,
    *,
    output: Output = None,
    config: Config = None,
    format_name: Format = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a model of another program as a model file, with a comment for whatever was decided."""
    from cubie_cli.imports import publishing, reading  # noqa: PLC0415 - each command loads what it needs, when it runs
    from cubie_cli.results.destination import check_destination, made  # noqa: PLC0415
    from cubie_cli.results.kinds import SETTINGS, TABLE  # noqa: PLC0415
    from cubie_cli.results.provenance import version  # noqa: PLC0415

    source = reading.read_source(file)
    model = reading.read_imported(source, format_name)
    to = publishing.Destinations.of(model, output or Path(f"{file.stem}.toml"), config)
    if to.config is not None and to.config.resolve() == to.model.resolve():
        raise UsageError(f"model and run configuration have one name: {to.config}", hint="name another with --config")
    for what, path in to.written.items():
        kind = TABLE if what == "conditions" else SETTINGS
        check_destination(path, inputs=[file], force=force, option=_OPTIONS[what], kind=kind)
    texts = {"model": publishing.written_model(model, source, version())}
    read_back = publishing.checked(texts["model"], source)
    texts |= publishing.texts_beside(model, to)
    for what, path in to.written.items():
        with made(path, replace=force, option=_OPTIONS[what]) as temporary:
            temporary.write_text(texts[what], encoding="utf-8", newline="\n")
    quantities = read_back.quantities
    counts = {
        "states": len(quantities.states),
        "parameters": len(quantities.parameters),
        "observables": len(quantities.observables),
        "events": len(read_back.events),
    }
    if as_json:
        written = {what: None if path is None else str(path) for what, path in vars(to).items()}
        told = {"format": model.format, **written, **counts, "decided": publishing.decisions(model)}
        typer.echo(json.dumps(told))
        return
    for each in publishing.decisions(model):
        typer.echo(f"note: {each}", err=True)
    typer.echo(f"{to.model}: {model.title}, {', '.join(_counted(counts))}")
    if to.config is not None:
        typer.echo(f"{to.config}: a run configuration; cubie run {to.config}")
    if to.conditions is not None and model.runs is not None:
        typer.echo(f"{to.conditions}: {counted(len(model.runs.labels), 'condition')}, a run each")
    if to.sample is not None:
        typer.echo(f"{to.sample}: draws of what is estimated; cubie run {to.config} --set @{to.sample}")


def _counted(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield how many there are of what there is."""
    for what, count in counts.items():
        if count:
            yield counted(count, what.removesuffix("s"))
