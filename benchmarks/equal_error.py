"""Comparing programs where their errors are equal."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np


class Point(NamedTuple):
    """A tolerance, and the error, the time and whatever else it led to."""

    rtol: float
    error: float
    time: float
    calls: float = 0.0


#: From loose to tight.
Curve = list[Point]
#: The ratio of neighbouring tolerances on the ladder that `bracket` climbs.
RUNG = math.sqrt(10)
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


def rms_error(states: np.ndarray, exact: np.ndarray) -> float:
    """Return the root mean square of the relative errors of all states of all runs; both arrays are (states, runs).

    A state is measured against its own size or, where it passes through zero, its root mean square over the runs. Runs
    that are NaN have failed and do not count; infinite without any other.
    """
    there = ~np.isnan(states).any(axis=0)
    if not there.any():
        return math.inf
    scale = np.maximum(np.abs(exact), np.sqrt(np.mean(exact**2, axis=1, keepdims=True)))
    return float(np.sqrt(np.mean(((states - exact) / scale)[:, there] ** 2)))


def bracket(error_at: Callable[[int], float], wanted: float, rungs: range) -> list[int]:
    """Return two neighbouring rungs of a ladder of tolerances with a wanted error between theirs, the looser first.

    The first rung tried is 0, the second the right one if errors are proportional to tolerances. Where the error of all
    rungs is smaller, the loosest is returned alone; where none reaches it, the one that comes closest.

    Parameters
    ----------
    error_at
        The error at the tolerance times `RUNG` to the power of the rung.
    wanted
        The error looked for.
    rungs
        Those there are, from tight to loose, with 0 among them.
    """
    tried: dict[int, float] = {}

    def error(rung: int) -> float:
        if rung not in tried:
            tried[rung] = error_at(rung)
        return tried[rung]

    tightest, loosest = rungs[0], rungs[-1]
    known = 0 < error(0) < math.inf
    rung = round(math.log(wanted / error(0), RUNG)) if known else 0
    rung = min(max(rung, tightest), loosest)
    while error(rung) <= wanted and rung < loosest:
        rung += 1
    while error(rung) > wanted and rung > tightest:
        rung -= 1
    if error(rung) > wanted:
        return [min(tried, key=tried.__getitem__)]
    return [rung] if rung == loosest else [rung + 1, rung]


def time_at(curve: Curve, error: float) -> float:
    """Return the least time for an error: of a point that is no worse, or between two points around it.

    Between points, the logarithm of the time is linear in the logarithm of the error. Infinite where no point is good
    enough.
    """
    times = [point.time for point in curve if point.error <= error]
    for before, after in pairwise(curve):
        if 0 < after.error <= error < before.error < math.inf:
            share = math.log(before.error / error) / math.log(before.error / after.error)
            times.append(math.exp((1 - share) * math.log(before.time) + share * math.log(after.time)))
    return min(times, default=math.inf)
