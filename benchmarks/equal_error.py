"""Comparing programs where their errors are equal."""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np


class Point(NamedTuple):
    """A tolerance, and the error, the time and whatever else it led to."""

    rtol: float
    error: float
    us: float
    calls: float = 0.0


#: From loose to tight.
Curve = list[Point]
#: States smaller than this share of the largest are measured against the largest's share.
_FLOOR = 1e-3


def errors(states: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Return the largest relative error of a state for each run; both arrays are (states, runs).

    A state that is not finite has an infinite error.
    """
    scale = np.maximum(np.abs(exact), _FLOOR * np.abs(exact).max(axis=0))
    relative = np.abs(states - exact) / scale
    worst: np.ndarray = np.where(np.isfinite(relative), relative, math.inf).max(axis=0)
    return worst


def time_at(curve: Curve, error: float) -> float:
    """Return the least time for an error: of a point that is no worse, or between two points around it.

    Between points, the logarithm of the time is linear in the logarithm of the error. Infinite where no point is good
    enough.
    """
    times = [point.us for point in curve if point.error <= error]
    for before, after in pairwise(curve):
        if 0 < after.error <= error < before.error < math.inf:
            share = math.log(before.error / error) / math.log(before.error / after.error)
            times.append(math.exp((1 - share) * math.log(before.us) + share * math.log(after.us)))
    return min(times, default=math.inf)
