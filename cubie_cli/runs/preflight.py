"""Refuses a batch before anything is computed: files that cannot be written, a model undefined where it starts."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from cubie_cli.documents.messages import OutputError, shortened
from cubie_cli.results.destination import check_destination, check_space, held
from cubie_cli.runs.prepared_batch import PreparedBatch
from solvers.equations.program import evaluate_at
from solvers.execution.kernel import Kernel
from solvers.planning.exchange import Exchange

if TYPE_CHECKING:
    from solvers.planning.plan import Plan

Array = np.ndarray


def check_batch(batch: PreparedBatch, *, planned: bool = False) -> None:
    """Refuse what would fail later: the output first, then the model where it starts.

    Parameters
    ----------
    planned
        Whether nothing will be written, so that the disk may be another one later.

    Raises
    ------
    UserError
        With what to do about it.
    """
    _check_outputs(batch, planned=planned)
    check_start(batch)
    if not isinstance(batch.kernel.work, Kernel):
        # A kernel that was kept has no expressions of events.
        check_events_of(batch)


def lack_of_space(batch: PreparedBatch) -> tuple[str, ...]:
    """Return what is to be said of a disk that has no room for the result."""
    try:
        if batch.output:
            check_space(batch.output, batch.bytes, batch.runs, twice=batch.compressed)
    except OutputError as error:
        return (error.message,)
    return ()


@contextmanager
def outputs_held(batch: PreparedBatch) -> Iterator[None]:
    """Keep others from writing the batch's files for as long as a block runs.

    Raises
    ------
    OutputError
        For a file that another writes, or that has appeared.
    """
    with ExitStack() as locks:
        for path in batch.outputs:
            locks.enter_context(held(path))
        _check_outputs(batch)
        yield


def _check_outputs(batch: PreparedBatch, *, planned: bool = False) -> None:
    read = [*batch.job.files.values()]
    if batch.output:
        check_destination(batch.output, inputs=read, force=batch.replace)
        if not planned:
            check_space(batch.output, batch.bytes, batch.runs, twice=batch.compressed)
    if batch.tracing:
        path = batch.tracing.path
        check_destination(path, inputs=read, force=batch.replace, option="--trace")
        if batch.output and batch.output.resolve() == path.resolve():
            raise OutputError(f"the trace would replace the result: {path}", hint="name another file with --trace")


def check_start(batch: PreparedBatch) -> None:
    """Refuse a model that cannot be evaluated at t0 in the first, the middle or the last run.

    Raises
    ------
    UserError
        Naming the expression.
    """
    job, solve = batch.job, batch.job.configuration.solve
    undefined = undefined_states(batch.kernel.work, batch.exchange, _sample(batch))
    for name, found in undefined.items():
        expression = shortened(job.model.text_of("equations", name))
        message = f"the right-hand side of {name}, {expression}, is {found} at t0 = {solve.t0:g}"
        hint = "it is so for the first, middle and last run; check initial values and parameters"
        raise job.model.error("equations", name, message, hint)


def check_events_of(batch: PreparedBatch) -> tuple[str, ...]:
    """Return what is to be known of the model's events.

    Raises
    ------
    UserError
        For one that makes no sense at t0 in the first, the middle and the last run.
    """
    job = batch.job
    if not job.model.events:
        return ()
    from cubie_cli.models.system import read_system  # noqa: PLC0415 - imports SymPy
    from cubie_cli.runs.event_checks import check_events  # noqa: PLC0415 - likewise

    starts = starts_of(batch.kernel.work, batch.exchange, _sample(batch))
    return check_events(job.model, read_system(job.model), job.configuration.solve, starts)


def _sample(batch: PreparedBatch) -> Array:
    """Return swept values of the runs that are looked at, shape (swept, samples)."""
    design = batch.job.design
    return design.at(np.array(sampled_runs(design.count), dtype=np.int64))


def sampled_runs(n_runs: int) -> list[int]:
    """Return the first, middle and last run of a batch, each once."""
    return sorted({0, n_runs // 2, n_runs - 1})


def undefined_states(work: "Plan | Kernel", exchange: Exchange, values: Array) -> dict[str, float]:
    """Return the states whose right-hand side is finite at t0 for none of the sampled runs.

    One that fails for some of them only is no mistake in the model: those runs end with a status.

    Parameters
    ----------
    work
        Has the right-hand side, and the values that are expressions.
    exchange
        The quantities, which of them are swept, the precision and t0.
    values
        Swept values in the sampled runs, shape (swept, samples).

    Returns
    -------
    dict
        The value found in the first sample, by state.
    """
    quantities, solve = exchange.quantities, exchange.solve
    slopes = np.empty((len(quantities.states), values.shape[1]), dtype=solve.precision)
    with np.errstate(all="ignore"):
        for column, (y, p) in enumerate(starts_of(work, exchange, values)):
            slopes[:, column] = evaluate_at(work.derivatives, quantities, solve.precision, np.float64(solve.t0), y, p)
    never = ~np.isfinite(slopes).any(axis=1)
    return {quantities.states[index]: float(slopes[index, 0]) for index in np.flatnonzero(never)}


def starts_of(work: "Plan | Kernel", exchange: Exchange, values: Array) -> list[tuple[list[Any], list[Any]]]:
    """Return the states and parameters with which sampled runs begin, in their precision; see `undefined_states`."""
    quantities, precision = exchange.quantities, exchange.solve.precision
    states = _start(quantities.states, quantities.initial_values, exchange.swept, values)
    parameters = _start(quantities.parameters, quantities.parameter_values, exchange.swept, values)
    swept = [
        {names.index(each) for each in exchange.swept if each in names}
        for names in (quantities.states, quantities.parameters)
    ]
    starts = []
    with np.errstate(all="ignore"):
        for column in range(values.shape[1]):
            y, p = ([*table[:, column].astype(precision)] for table in (states, parameters))
            work.values.fill(y, p, precision, *swept)
            starts.append((y, p))
    return starts


def _start(names: tuple[str, ...], defaults: tuple[float, ...], swept: tuple[str, ...], values: Array) -> Array:
    """Return values of quantities, shape (n_names, n_samples): those swept, else the model's own."""
    rows = dict(zip(swept, values, strict=True))
    table = np.empty((len(names), values.shape[1]))
    for index, (name, default) in enumerate(zip(names, defaults, strict=True)):
        table[index] = rows.get(name, default)
    return table
