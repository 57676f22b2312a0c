"""`cubie validate`: whether a configuration and its model are in order."""

import json
from typing import TYPE_CHECKING

import typer

from cubie_cli.commands.options import Configuration, Json, Overrides
from cubie_cli.documents.messages import counted

if TYPE_CHECKING:
    from cubie_cli.configurations.job import Job
    from cubie_cli.models.model import Model


def validate(config: Configuration, *, overrides: Overrides = None, as_json: Json = False) -> None:
    """Check CONFIG and its model without compiling or running anything."""
    from cubie_cli.reports.conditions import advice, conditions_told  # noqa: PLC0415 - each command loads what it needs
    from cubie_cli.runs.preflight import check_events_of, check_start  # noqa: PLC0415
    from cubie_cli.runs.prepared_batch import prepare_batch  # noqa: PLC0415

    batch = prepare_batch(config, overrides)
    check_start(batch)
    events = check_events_of(batch)
    conditions = conditions_told(batch.job.model)
    units = _units_told(batch.job.model)
    warnings = [*batch.warnings, *_unused(batch.job)]
    drivers = _drivers_told(batch.job)
    if as_json:
        found = {"valid": True, "runs": batch.runs, "model": batch.title, "warnings": warnings}
        found["conditions"] = conditions
        found["events"] = events
        found["units"] = units
        found["drivers"] = drivers
        typer.echo(json.dumps(found | batch.tolerances))
        return
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(f"{config} is valid: {batch.title}, {counted(batch.runs, 'run')}")
    for what, told in batch.tolerances_told:
        typer.echo(f"{what}: {told}")
    for told in drivers:
        typer.echo(f"driver: {told}")
    for told in events:
        typer.echo(f"event: {told}")
    if conditions:
        typer.echo(f"conditions: {advice(conditions, fixed=batch.job.configuration.solve.dt is not None)}")
    for told in units:
        typer.echo(f"units: {told}")


def _drivers_told(job: "Job") -> list[str]:
    """Return what the tables of drivers span, and what is read beyond them within the run."""
    solve, found = job.configuration.solve, []
    beyond = {"hold": "the first and the last value", "zero": "0", "periodic": "a repetition", "error": "nothing"}
    for driver in job.model.quantities.drivers:
        first, last = float(driver.times[0]), float(driver.times[-1])
        told = f"{driver.name} has {len(driver.times):,} rows from {first:g} to {last:g}"
        if driver.outside == "periodic":
            told += f", a period of {last - first:g}"
        if solve.t0 < first or solve.t1 > last:
            told += f"; the run is from {solve.t0:g} to {solve.t1:g}, and reads {beyond[driver.outside]} beyond"
        found.append(told)
    return found


def _unused(job: "Job") -> list[str]:
    """Return what is to be said of quantities that nothing uses."""
    from cubie_cli.models.unused import unused  # noqa: PLC0415 - as above

    return [f"nothing uses {name!r}" for name in unused(job.model, job.configuration.window_texts)]


def _units_told(model: "Model") -> list[str]:
    """Return what does not fit in a model's units."""
    from cubie_cli.models.units import unit_troubles  # noqa: PLC0415 - as above

    try:
        return [str(trouble) for trouble in unit_troubles(model)]
    except ImportError:
        return ["not checked; Pint does that: pip install 'cubie-cli[units]'"]
