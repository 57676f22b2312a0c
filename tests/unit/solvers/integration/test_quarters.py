"""The polynomial through the quarters of a step."""

import numpy as np
import pytest

from solvers.integration.quarters import QuarterPolynomial

COEFFICIENTS = [0.3, -1.7, 2.0, 0.25, -0.6]


@pytest.fixture(scope="module")
def polynomials():
    exact = np.polynomial.Polynomial(COEFFICIENTS)
    return exact, QuarterPolynomial.through([exact(np.float64(quarter / 4)) for quarter in range(5)])


@pytest.mark.parametrize("theta", [0.0, 0.1, 0.25, 0.6180339887, 1.0])
def test_it_is_what_the_values_are_of(polynomials, theta):
    exact, found = polynomials
    place = np.float64(theta)
    assert found.value(place) == pytest.approx(exact(theta), rel=1e-13, abs=1e-14)
    value, slope = found.value_and_slope(place)
    assert value == found.value(place)
    assert slope == pytest.approx(exact.deriv()(theta), rel=1e-12)
