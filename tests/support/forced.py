"""Drivers by SciPy's interpolators, and a decay that they force, composed piece by piece."""

from itertools import pairwise

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator
from support.systems import make_system

from solvers.equations.drivers import Driver

UNEVEN = np.array([0.2, 0.25, 0.9, 1.0, 1.6, 1.65, 2.4, 3.1])
#: Drivers of each kind of code.
LINE = Driver("line", UNEVEN, np.array([0.5, 2.0, -1.0, 0.3, 0.4, 1.5, 0.0, 1.0]), "linear", "hold")
WAVE = Driver("wave", np.linspace(-0.3, 1.2, 13), np.sin(2 * np.pi * np.arange(13) / 12), "cubic", "periodic")
DOSE = Driver("dose", UNEVEN + 0.1, np.array([1.0, 0.0, 3.0, 0.0, 0.5, 4.0, 0.0, 9.0]), "hold", "zero")
SMOOTH = Driver("smooth", UNEVEN, np.array([0.0, 0.1, 1.0, 1.2, 1.2, 0.4, 0.0, 0.2]), "pchip", "periodic")
ALL = (LINE, WAVE, DOSE, SMOOTH)
START = 0.5


def course(driver, t):
    """Return the values of a driver at times, right of jumps."""
    times, values, first, last = driver.times, driver.values, driver.times[0], driver.times[-1]
    inside = (t >= first) & (t < last) | (driver.outside != "zero")
    own = first + np.mod(t - first, last - first) if driver.outside == "periodic" else np.clip(t, first, last)
    joined = driver.outside == "periodic" and abs(values[0] - values[-1]) < 1e-14
    if driver.method == "hold":
        found = values[np.searchsorted(times, own, side="right") - 1]
    elif driver.method == "linear":
        found = np.interp(own, times, values)
    elif driver.method == "cubic":
        joint = np.append(values[:-1], values[0]) if joined else values
        found = CubicSpline(times, joint, bc_type="periodic" if joined else "not-a-knot")(own)
    else:
        turn, reach = last - first, slice(None) if joined else slice(0)
        around = [(times[:-1] - turn)[reach], times, (times[1:] + turn)[reach]]
        levels = [values[:-1][reach], values, values[1:][reach]]
        found = PchipInterpolator(np.concatenate(around), np.concatenate(levels))(own)
    return np.where(inside, found, 0.0)


def forced(drivers):
    """Return x' = level*(sum of drivers) - k*x, and the sum itself."""
    total = " + ".join(driver.name for driver in drivers)
    return make_system(
        {"x": START}, {"x": "level*total - k*x"}, {"k": 1.0, "level": 1.0}, {"total": total}, drivers=drivers
    )


def forced_solution(drivers, times, k, level=1.0):
    """Return x at rising times from 0 on."""
    knots = np.concatenate([_knots(driver, times[-1]) for driver in drivers])
    cuts = np.unique(np.concatenate([[0.0], knots[(knots > 0.0) & (knots < times[-1])], times]))
    x, found = START, {0.0: START}
    for start, end in pairwise(cuts):
        if end - start < 1e-12:  # one time, computed in two ways
            found[end] = x
            continue
        nodes = start + (end - start) * np.array([0.1, 0.4, 0.6, 0.9])
        values = level * sum(course(driver, nodes) for driver in drivers)
        force = np.polynomial.Polynomial.fit(nodes, values, 3)
        own = sum((-1) ** order * (force.deriv(order) if order else force) / k ** (order + 1) for order in range(4))
        x = own(end) + (x - own(start)) * np.exp(-k * (end - start))
        found[end] = x
    return np.array([found[time] for time in times])


def _knots(driver, end):
    if driver.outside != "periodic":
        return driver.times
    turn = driver.times[-1] - driver.times[0]
    return np.concatenate([driver.times[:-1] + turn * number for number in range(-3, int(end / turn) + 2)])
