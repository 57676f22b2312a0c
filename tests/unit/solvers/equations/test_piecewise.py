"""Coefficients of pieces, beside SciPy's."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline, PchipInterpolator

from solvers.equations.piecewise import coefficients

COUNTS = [2, 3, 4, 5, 17, 400]


def rows(count, *, closed=False):
    rng = np.random.default_rng(count)
    times, values = np.cumsum(rng.uniform(0.01, 2.0, count)), rng.normal(size=count)
    values[-1] = values[0] if closed else values[-1]
    return times, values


def evaluated(found, times, at):
    piece = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 2)
    share = (at - times[piece]) / np.diff(times)[piece]
    return sum(found[piece, power] * share**power for power in range(found.shape[1]))


def between(times):
    return np.linspace(times[0], times[-1], 1001)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(("method", "reference"), [("cubic", CubicSpline), ("pchip", PchipInterpolator)])
def test_pieces_are_those_of_scipy(method, reference, count):
    times, values = rows(count)
    at = between(times)
    found = evaluated(coefficients(method, times, values, joined=False), times, at)
    np.testing.assert_allclose(found, reference(times, values)(at), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("count", COUNTS)
def test_a_joined_spline_is_periodic(count):
    times, values = rows(count, closed=True)
    at = between(times)
    found = evaluated(coefficients("cubic", times, values, joined=True), times, at)
    np.testing.assert_allclose(found, CubicSpline(times, values, bc_type="periodic")(at), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("count", COUNTS)
def test_a_joined_course_that_does_not_overshoot_goes_on_across_its_ends(count):
    times, values = rows(count, closed=True)
    turn, at = times[-1] - times[0], between(times)
    around = np.concatenate([times[:-1] - turn, times, times[1:] + turn])
    reference = PchipInterpolator(around, np.concatenate([values[:-1], values, values[1:]]))
    found = evaluated(coefficients("pchip", times, values, joined=True), times, at)
    np.testing.assert_allclose(found, reference(at), rtol=1e-11, atol=1e-11)


def test_lines_and_steps():
    times, values = np.array([0.0, 1.0, 3.0]), np.array([2.0, 5.0, 4.0])
    assert coefficients("linear", times, values, joined=False).tolist() == [[2.0, 3.0], [5.0, -1.0]]
    assert coefficients("hold", times, values, joined=False).tolist() == [[2.0], [5.0], [4.0]]


@pytest.mark.parametrize("method", ["cubic", "pchip"])
def test_times_may_be_large_and_close(method):
    times, values = rows(40)
    shifted = times * 2.0**-20 + 2.0**20
    found = coefficients(method, shifted, values, joined=False)
    # What is left of the times' digits: pieces depend on their ratios alone.
    np.testing.assert_allclose(
        found, coefficients(method, shifted - 2.0**20, values, joined=False), rtol=1e-9, atol=1e-9
    )
