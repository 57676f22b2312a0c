"""What is found out before anything is compiled: whether the model can be evaluated where it starts."""

import numpy as np

from solvers.equations.program import Program, evaluate_at
from solvers.planning.exchange import Exchange

Array = np.ndarray


def sampled_runs(n_runs: int) -> list[int]:
    """Return the first, middle and last run of a batch, each once."""
    return sorted({0, n_runs // 2, n_runs - 1})


def undefined_states(derivatives: Program, exchange: Exchange, values: Array) -> dict[str, float]:
    """Return the states whose right-hand side is finite at t0 for none of the sampled runs.

    One that fails for some of them only is no mistake in the model: those runs end with a status.

    Parameters
    ----------
    derivatives
        The right-hand side.
    exchange
        The quantities, which of them are swept, the precision and t0.
    values
        Swept values in the sampled runs, shape (n_axes, n_samples).

    Returns
    -------
    dict
        The value found in the first sample, by state.
    """
    quantities, solve = exchange.quantities, exchange.solve
    states = _start(quantities.states, quantities.initial_values, exchange.swept, values)
    parameters = _start(quantities.parameters, quantities.parameter_values, exchange.swept, values)
    slopes = np.empty_like(states, dtype=solve.precision)
    with np.errstate(all="ignore"):
        for column in range(values.shape[1]):
            y, p = (table[:, column].astype(solve.precision) for table in (states, parameters))
            slopes[:, column] = evaluate_at(derivatives, quantities, solve.precision, np.float64(solve.t0), y, p)
    never = ~np.isfinite(slopes).any(axis=1)
    return {quantities.states[index]: float(slopes[index, 0]) for index in np.flatnonzero(never)}


def _start(names: tuple[str, ...], defaults: tuple[float, ...], swept: tuple[str, ...], values: Array) -> Array:
    """Return values of quantities, shape (n_names, n_samples): those swept, else the model's own."""
    rows = dict(zip(swept, values, strict=True))
    table = np.empty((len(names), values.shape[1]))
    for index, (name, default) in enumerate(zip(names, defaults, strict=True)):
        table[index] = rows.get(name, default)
    return table
