"""Polynomials in Bernstein's form, against NumPy's."""

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from solvers.integration import bernstein

DEGREES = range(1, 10)


def made(degree, seed=0):
    """Return coefficients, and the same polynomial in powers."""
    coefficients = np.random.default_rng(seed).normal(size=degree + 1)
    places = np.linspace(0.0, 1.0, degree + 1)
    values = np.array([bernstein.basis(degree, place) for place in places]) @ coefficients
    return list(coefficients), Polynomial.fit(places, values, degree).convert()


@pytest.mark.parametrize("degree", DEGREES)
def test_values_and_slopes(degree):
    coefficients, exact = made(degree)
    for place in (0.0, 0.3, 1.0):
        value, slope = bernstein.evaluate(coefficients, np.float64(place))
        np.testing.assert_allclose([value, slope], [exact(place), exact.deriv()(place)], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(bernstein.value_at(coefficients, place), exact(place), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("degree", DEGREES)
def test_parts(degree):
    coefficients, exact = made(degree)
    inner = bernstein.part(coefficients, np.float64(0.2), np.float64(0.7))
    places = np.linspace(0.0, 1.0, 7)
    found = [bernstein.value_at(inner, place) for place in places]
    np.testing.assert_allclose(found, exact(0.2 + 0.5 * places), rtol=1e-9, atol=1e-9)
    whole = bernstein.part(coefficients, np.float64(0.0), np.float64(1.0))
    assert whole == coefficients


@pytest.mark.parametrize("degree", DEGREES)
def test_the_polynomial_through_values(degree):
    coefficients, _ = made(degree)
    values = [np.float64(bernstein.value_at(coefficients, node)) for node in bernstein.nodes(degree)]
    np.testing.assert_allclose(bernstein.through(values), coefficients, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("degree", DEGREES)
def test_means(degree):
    coefficients, exact = made(degree)
    coefficients = list(map(np.float64, coefficients))
    integral, square = exact.integ(), (exact**2).integ()
    np.testing.assert_allclose(bernstein.mean(coefficients), integral(1) - integral(0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(bernstein.mean_square(coefficients), square(1) - square(0), rtol=1e-9)


def test_differences_are_the_slope_over_the_degree():
    coefficients, exact = made(5)
    inner = bernstein.differences(coefficients)
    np.testing.assert_allclose(5 * bernstein.value_at(inner, 0.4), exact.deriv()(0.4), rtol=1e-9)
