"""The error norm, and the first step that it gives."""

import numpy as np
import pytest
from support.systems import make_system

from solvers.algebra.error_norm import ErrorNorm, first_step, power_estimate
from solvers.equations.right_hand_side import RightHandSide


def test_mean_square_weighs_each_component():
    norm = ErrorNorm(1e-3, (1e-6, 1e-2, 1e-4))
    error, y, y_new = (np.array(each) for each in ([1e-6, 2e-3, -3e-5], [1.0, -2.0, 0.0], [-4.0, 1.0, 0.5]))
    scale = np.array([1e-6, 1e-2, 1e-4]) + 1e-3 * np.maximum(np.abs(y), np.abs(y_new))
    assert norm.mean_square(error.__getitem__, y, y_new) == pytest.approx(np.mean((error / scale) ** 2), rel=1e-12)
    scale = np.array([1e-6, 1e-2, 1e-4]) + 1e-3 * np.abs(y)
    assert norm.mean_square(error.__getitem__, y) == pytest.approx(np.mean((error / scale) ** 2), rel=1e-12)


@pytest.mark.parametrize("share", [0.5, -4.0])
def test_a_share_of_all_components(share):
    norm, y = ErrorNorm(1e-3, (1e-6, 1e-2)), np.array([1.0, -2.0])
    error = np.array([1e-4, 2e-3])
    assert norm.mean_square((error / share).__getitem__, y, share=share) == pytest.approx(
        norm.mean_square(error.__getitem__, y), rel=1e-12
    )


def test_without_a_relative_tolerance():
    assert ErrorNorm(0.0, (2.0,)).mean_square([4.0].__getitem__, np.array([1e9]), np.array([1.0])) == 4.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_shows(bad):
    norm = ErrorNorm(1e-3, (1e-6, 1e-6))
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(norm.mean_square(np.array([1e-9, bad]).__getitem__, np.ones(2), np.ones(2)))


def test_powers_are_estimates_within_bounds():
    assert power_estimate(np.float64(2.0), -0.25) == pytest.approx(2.0**-0.25, rel=1e-6)
    assert power_estimate(np.float64(0.0), 0.5) == pytest.approx(1e-15, rel=1e-5)
    with np.errstate(over="ignore"):
        assert power_estimate(np.float64(1e300), 0.5) == pytest.approx(1e15, rel=1e-5)


def hairer(f, t, y, order, rtol, atol):
    """Return the first step by the published recipe."""
    scale = atol + rtol * np.abs(y)
    f0 = f(t, y)
    d0, d1 = (np.sqrt(np.mean((each / scale) ** 2)) for each in (y, f0))
    h0 = 1e-6 if min(d0, d1) < 1e-5 else 0.01 * d0 / d1
    f1 = f(t + h0, y + h0 * f0)
    d2 = np.sqrt(np.mean(((f1 - f0) / scale) ** 2)) / h0
    h1 = max(1e-6, h0 * 1e-3) if max(d1, d2) <= 1e-15 else (0.01 / max(d1, d2)) ** (1 / (order + 1))
    return min(100 * h0, h1)


STARTS = {"ordinary": (1.0, -2.0), "zero": (0.0, 0.0), "large": (1e3, -1e4), "small": (1e-12, 1e-9)}


@pytest.mark.parametrize("order", [1, 5, 9])
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_first_step_is_the_published_one(start, order):
    system = make_system({"x": 0.0, "y": 0.0}, {"x": "y + sin(t)", "y": "-4*x - 0.1*y*x"})
    norm = ErrorNorm(1e-6, (1e-9, 1e-9))
    estimate = first_step(RightHandSide(system, "float64"), norm, order, longest=1e6, shortest=0.0)
    y = np.array(start)

    def f(t, y):
        return np.array([y[1] + np.sin(t), -4 * y[0] - 0.1 * y[1] * y[0]])

    found = estimate(np.float64(0.3), y, np.empty(0), f(0.3, y), np.empty(2), np.empty(2))
    assert found == pytest.approx(hairer(f, 0.3, y, order, 1e-6, 1e-9), rel=1e-4)


def test_first_step_keeps_its_limits():
    system = make_system({"x": 1.0}, {"x": "0"})
    norm = ErrorNorm(1e-6, (1e-9,))
    for shortest, longest, expected in ((0.5, 1.0, 0.5), (0.0, 1e-9, 1e-9)):
        estimate = first_step(RightHandSide(system, "float64"), norm, 5, longest, shortest)
        assert estimate(np.float64(0), np.ones(1), np.empty(0), np.zeros(1), np.empty(1), np.empty(1)) == expected
