"""Measuring orders: one kernel advances many runs, each with a step of its own.

With t = start + scale*tau, a fixed step in tau is a step in t that the swept `scale` sets, so that one compiled kernel
measures a method at every step size. The error of a fixed number of steps behaves as h^(p+1). Runs from many starts
are averaged: the error of a single one changes sign here and there, and its logarithm is no line.
"""

import numpy as np

from support.systems import make_system

SYSTEM = make_system(
    {"p": 0.0, "q": 1.0, "u": 1.0},
    {
        "p": "scale*q*(p**2 + q**2)",
        "q": "-scale*p*(p**2 + q**2)",
        "u": "scale*u*(q + cos(start + scale*t))/2",
    },
    {"start": 0.0, "scale": 1.0},
)
SWEPT = ("p", "q", "u", "start", "scale")
STARTS = np.linspace(0.0, 6.2, 32)
#: Errors used: above rounding, and small enough for the leading term to rule.
SMALLEST, LARGEST = 1e-12, 1e-5


def solution(t: np.ndarray) -> np.ndarray:
    """Return the exact solution, shape (3, *t.shape)."""
    return np.array([np.sin(t), np.cos(t), np.exp(np.sin(t))])


def inputs(scales: np.ndarray) -> np.ndarray:
    """Return the swept values of a run for every scale and start, shape (5, scales*starts)."""
    scale, start = (axis.ravel() for axis in np.meshgrid(scales, STARTS, indexing="ij"))
    return np.array([*solution(start), start, scale])


def mean_errors(scales: np.ndarray, times: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return root mean square errors, shape (times, scales), of results of shape (3, times, scales*starts)."""
    *_, start, scale = inputs(scales)
    gaps = found - solution(start + scale * times[:, None])
    return np.sqrt((gaps**2).mean(axis=0).reshape(len(times), len(scales), -1).mean(axis=-1))


def exponent(scales: np.ndarray, errors: np.ndarray) -> float:
    """Return the slope of log(error) over log(scale)."""
    usable = (errors > SMALLEST) & (errors < LARGEST)
    assert usable.sum() >= 6, "too few step sizes have errors worth looking at"
    return float(np.polyfit(np.log(scales[usable]), np.log(errors[usable]), 1)[0])
