"""Values to many digits, and Laurent series against their known coefficients."""

import math

import pytest
import sympy

from solvers.equations import functions
from solvers.equations.laurent import LOWEST_POWER, NoValueError, series, value

X = sympy.Symbol("x", real=True)


@pytest.mark.parametrize("length", [10, 40])
def test_series_of_known_functions(length):
    found = series(1 / functions.expm1(X), X, 1.0, length)
    assert not any(found[: -1 - LOWEST_POWER])
    assert found[-1 - LOWEST_POWER : 4 - LOWEST_POWER] == pytest.approx([1, -0.5, 1 / 12, 0, -1 / 720], rel=1e-15)


def test_powers_that_a_function_lacks_are_exactly_zero():
    found = series(sympy.sin(X) / X, X, 1.0, 12)
    assert found == pytest.approx([0] * 6 + [1, 0, -1 / 6, 0, 1 / 120, 0], rel=1e-15)
    assert found.count(0.0) == 9


def test_numbers_are_those_of_binary64():
    assert float(value(sympy.Float(0.1) - sympy.Rational(1, 10), {})) == pytest.approx(5.551115123125783e-18)
    assert float(value(functions.exp(X) - 1 - X, {X: 1})) == pytest.approx(math.e - 2)


@pytest.mark.parametrize("expression", [sympy.floor(X), 1 / X, sympy.log(X), sympy.Piecewise((X, X > 1), (0, True))])
def test_what_has_no_value_says_so(expression):
    with pytest.raises(NoValueError):
        value(expression, {X: 0})
