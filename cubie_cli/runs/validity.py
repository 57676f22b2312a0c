"""Checks a batch without compiling or running anything, and tells what was found."""

from typing import TYPE_CHECKING, Any

from cubie_cli.reports.conditions import conditions_told
from cubie_cli.runs.preflight import check_events_of, check_start
from cubie_cli.runs.prepared_batch import PreparedBatch

if TYPE_CHECKING:
    from cubie_cli.configurations.job import Job
    from cubie_cli.models.model import Model


def check_validity(batch: PreparedBatch) -> dict[str, Any]:
    """Check a batch, and return what is to be said of it, as plain values.

    Raises
    ------
    UserError
        With the place of the first mistake.
    """
    check_start(batch)
    events = check_events_of(batch)
    model = batch.job.model
    return {
        "valid": True,
        "runs": batch.runs,
        "model": batch.title,
        "warnings": [*batch.warnings, *_unused(batch.job)],
        "conditions": [*conditions_told(model)],
        "events": [*events],
        "units": _units_told(model),
        "drivers": _drivers_told(batch.job),
    } | batch.tolerances


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
