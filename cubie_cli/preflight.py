"""What is found out before anything is compiled: whether the model can be evaluated where it starts."""

import numpy as np

from solvers.right_hand_side import RightHandSide
from solvers.system import System

Array = np.ndarray


def sampled_runs(n_runs: int) -> list[int]:
    """Return the first, middle and last run of a batch, each once."""
    return sorted({0, n_runs // 2, n_runs - 1})


def undefined_states(
    system: System, precision: str, swept: tuple[str, ...], values: Array, t0: float
) -> dict[str, float]:
    """Return the states whose right-hand side is finite at t0 for none of the sampled runs.

    One that fails for some of them only is no mistake in the model: those runs end with a status.

    Parameters
    ----------
    system
        The equations.
    precision
        Of the states: "float64" or "float32".
    swept
        Names of swept states and parameters, in axis order.
    values
        Their values in the sampled runs, shape (n_axes, n_samples).
    t0
        When the runs start.

    Returns
    -------
    dict
        The value found in the first sample, by state.
    """
    states = _start(system.states, system.initial_values, swept, values)
    parameters = _start(system.parameters, system.parameter_values, swept, values)
    rhs = RightHandSide(system, precision)
    slopes = np.empty_like(states, dtype=precision)
    with np.errstate(all="ignore"):
        for column in range(values.shape[1]):
            y, p = states[:, column].astype(precision), parameters[:, column].astype(precision)
            rhs.evaluate(np.float64(t0), y, p, slopes[:, column])
    never = ~np.isfinite(slopes).any(axis=1)
    return {system.states[index]: float(slopes[index, 0]) for index in np.flatnonzero(never)}


def _start(names: tuple[str, ...], defaults: tuple[float, ...], swept: tuple[str, ...], values: Array) -> Array:
    """Return values of quantities, shape (n_names, n_samples): those swept, else the model's own."""
    rows = dict(zip(swept, values, strict=True))
    table = np.empty((len(names), values.shape[1]))
    for index, (name, default) in enumerate(zip(names, defaults, strict=True)):
        table[index] = rows.get(name, default)
    return table
