"""`cubie validate`: whether a configuration and its model are in order."""

import json

import typer

from cubie_cli.commands.options import Configuration, Json, Overrides
from cubie_cli.documents.messages import counted


def validate(config: Configuration, *, overrides: Overrides = None, as_json: Json = False) -> None:
    """Check CONFIG and its model without compiling or running anything."""
    from cubie_cli.reports.conditions import advice  # noqa: PLC0415 - each command loads what it needs
    from cubie_cli.runs.prepared_batch import prepare_batch  # noqa: PLC0415
    from cubie_cli.runs.validity import check_validity  # noqa: PLC0415

    batch = prepare_batch(config, overrides)
    found = check_validity(batch)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for warning in found["warnings"]:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(f"{config} is valid: {batch.title}, {counted(batch.runs, 'run')}")
    for what, told in batch.tolerances_told:
        typer.echo(f"{what}: {told}")
    for told in found["drivers"]:
        typer.echo(f"driver: {told}")
    for told in found["events"]:
        typer.echo(f"event: {told}")
    if found["conditions"]:
        told = advice(found["conditions"], fixed=batch.job.configuration.solve.dt is not None)
        typer.echo(f"conditions: {told}")
    for told in found["units"]:
        typer.echo(f"units: {told}")
