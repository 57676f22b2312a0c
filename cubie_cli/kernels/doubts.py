"""Finds runs that come out otherwise where the absolute tolerance is smaller, though they ended with success.

An absolute tolerance that is far above a small state leaves it uncontrolled, and where others depend on it all may end
elsewhere, with few steps that all pass. The same steps taken with less of it show that.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from solvers.planning.exchange import Solution
from solvers.status import Status

Array = np.ndarray

#: Times at which solutions are compared, at most.
_TIMES = 64


class Share(NamedTuple):
    """What the tolerances of a configuration are multiplied by."""

    rtol: float = 1.0
    atol: float = 1.0


WHOLE = Share()
#: With less of `atol` a solution that was controlled stays; with less of both it has other errors of its own.
TIGHTER, _STILL_TIGHTER = Share(atol=1e-3), Share(rtol=0.5, atol=5e-4)
#: How many more attempts than before a run may take with them.
_PATIENCE = 8
#: A difference of so many absolute tolerances is more than what they let small states differ by.
_MANY = 100


@dataclass(frozen=True)
class Reference:
    """What runs come to with a smaller absolute tolerance.

    Parameters
    ----------
    values
        States at some times, shape (states, times, runs).
    known
        Which states of which runs are known: those that two such tolerances agree on, shape (states, runs).
    rtol, atol
        The tolerances that are looked at, `atol` one a state.
    """

    values: Array
    known: Array
    rtol: float
    atol: Array

    def differing(self, values: Array) -> Array:
        """Return which states of which runs are others than these, shape (states, runs).

        Half of the digits that `rtol` asks for are what a solution that is right has at least.
        """
        if not values.size:
            return np.zeros_like(self.known)
        size = np.fmax.reduce(np.abs(self.values), axis=1)
        # What a run that an event stopped did not reach is NaN, and differs from nothing.
        apart = np.fmax.reduce(np.abs(self.values - values), axis=1)
        found: Array = self.known & (apart > np.sqrt(self.rtol) * size + _MANY * self.atol[:, None])
        return found


def sampled(solution: Solution, states: int) -> Array:
    """Return the saved states at some times, the last among them, shape (states, times, runs)."""
    count = solution.variables.shape[1]
    rows = np.unique(np.linspace(0, count - 1, min(count, _TIMES)).round().astype(int))
    return np.array(solution.variables[:states, rows])


def reference(
    solve: Callable[[int, Share], Solution], values: Array, attempts: Array, rtol: float, atol: Array
) -> Reference | None:
    """Return what runs come to with a smaller absolute tolerance; None where that is what they came to before.

    Parameters
    ----------
    solve
        Solves the runs with at most so many attempts each, and shares of the tolerances.
    values, attempts
        What was `sampled` of their solutions, and the attempts that each took.
    rtol, atol
        The tolerances, `atol` one for each of the states.
    """
    allowed = _PATIENCE * max(1, int(attempts.max(initial=0)))
    tighter = solve(allowed, TIGHTER)
    states = len(values)
    found = Reference(sampled(tighter, states), np.tile(_succeeded(tighter), (states, 1)), rtol, atol)
    if not found.differing(values).any():
        return None
    still_tighter = solve(allowed, _STILL_TIGHTER)
    agreed = ~found.differing(sampled(still_tighter, states))
    return replace(found, known=found.known & _succeeded(still_tighter) & agreed)


def _succeeded(solution: Solution) -> Array:
    return np.isin(solution.status, [status for status in Status if status.succeeded])
