"""Weights of continuous extensions."""

from fractions import Fraction

import numpy as np
import pytest

from solvers.methods.weighted_sums import bernstein, combine, interpolation_weights, split_share
from solvers.tableaus import TABLEAUS

EXTENDED = {name: tableau for name, tableau in TABLEAUS.items() if tableau.dense_output is not None}


def exact(coefficients, theta):
    """Return sum_m coefficients[m] * theta^(m+1) without rounding."""
    return float(sum(Fraction(c) * Fraction(theta) ** (m + 1) for m, c in enumerate(coefficients)))


@pytest.mark.parametrize("name", EXTENDED)
@pytest.mark.parametrize("theta", [0.0, 0.1, 0.37, 0.5, 0.93, 1.0])
def test_weights_are_the_polynomials(name, theta):
    dense = EXTENDED[name].dense_output
    for precision, rounding in (("float64", 1e-15), ("float32", 6e-7)):
        value = float(np.dtype(precision).type(theta))
        weights = interpolation_weights(dense, np.float64(value), precision)
        largest = max(max(map(abs, bernstein(row))) for row in dense.coefficients)
        for row, weight in zip(dense.coefficients, weights, strict=True):
            if weight is None:
                assert not any(row)
                continue
            assert weight.dtype == precision
            np.testing.assert_allclose(weight, exact(row, value), rtol=rounding, atol=min(largest, 32) * rounding)


def test_bernstein_form_of_known_polynomials():
    assert bernstein([1.0, 0.0, 0.0]) == [1 / 3, 2 / 3, 1.0]
    assert bernstein([0.0, 0.0, 1.0]) == [0.0, 0.0, 1.0]
    assert bernstein([3.0, -3.0, 1.0]) == [1.0, 1.0, 1.0]


def test_a_share_taken_out_of_a_sum():
    weights = [0.0, -0.25, 0.5, 0.0, 3.0]
    share, rest = split_share(weights)
    assert (share, rest[:3]) == (-0.25, [0.0, 1.0, -2.0])
    values = np.array([7.0, 2.0, 3.0, 11.0, 5.0])
    assert share * combine(rest, values.__getitem__, None) == combine(weights, values.__getitem__, None)
