"""`cubie import`: a model in the format of another program, as a model file."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from cubie_cli.commands.options import Json
from cubie_cli.documents.messages import UsageError, counted

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A model in SBML, CellML or Antimony, or an .ode file of XPP.")
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="MODEL.toml", help="The model file; default: FILE's name with .toml, here."),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="RUN.toml", help="Write a run configuration too; for XPP default: NAME.run.toml."),
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="sbml, cellml, antimony or xpp; default: what FILE looks like."),
]
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
    from cubie_cli.imports.run_settings import settings_of  # noqa: PLC0415
    from cubie_cli.results.destination import SETTINGS, check_destination, made  # noqa: PLC0415
    from cubie_cli.results.provenance import version  # noqa: PLC0415

    source = reading.read_source(file)
    model = reading.read_imported(source, format_name)
    model_file = output or Path(f"{file.stem}.toml")
    run_file = config or (model_file.with_suffix(".run.toml") if model.settings else None)
    if run_file is not None and run_file.resolve() == model_file.resolve():
        raise UsageError(f"model and run configuration have one name: {run_file}", hint="name another with --config")
    for path, option in ((model_file, "--output"), (run_file, "--config")):
        if path is not None:
            check_destination(path, inputs=[file], force=force, option=option, kind=SETTINGS)
    text = publishing.written_model(model, source, version())
    read_back = publishing.checked(text, source)
    with made(model_file, replace=force) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    if run_file is not None:
        name = str(model_file) if model_file.parent != run_file.parent else model_file.name
        with made(run_file, replace=force, option="--config") as temporary:
            configuration = publishing.configuration_text(settings_of(model), name)
            temporary.write_text(configuration, encoding="utf-8", newline="\n")
    quantities = read_back.quantities
    counts = {
        "states": len(quantities.states),
        "parameters": len(quantities.parameters),
        "observables": len(quantities.observables),
        "events": len(read_back.events),
    }
    written = {"model": str(model_file), "config": None if run_file is None else str(run_file)}
    if as_json:
        told = {"format": model.format, **written, **counts, "decided": publishing.decisions(model)}
        typer.echo(json.dumps(told))
        return
    for each in publishing.decisions(model):
        typer.echo(f"note: {each}", err=True)
    typer.echo(f"{model_file}: {model.title}, {', '.join(_counted(counts))}")
    if run_file is not None:
        typer.echo(f"{run_file}: a run configuration; cubie run {run_file}")


def _counted(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield how many there are of what there is."""
    for what, count in counts.items():
        if count:
            yield counted(count, what.removesuffix("s"))
