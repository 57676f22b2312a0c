"""Zeros of arguments, what vanishes there, and which conditions leave them in."""

import pytest
import sympy

from solvers.equations.functions import exp
from solvers.equations.zeros import is_reached, vanishes, zeros_of

X, Y = sympy.symbols("x y", real=True)


def zeros(*expressions):
    return {(zero.symbol, zero.point) for zero in zeros_of(expressions)}


def test_arguments_that_are_linear_have_zeros():
    assert zeros(exp(2 * X - 3) + sympy.sin(X * Y)) == {(X, sympy.Rational(3, 2)), (X, 0), (Y, 0)}
    assert zeros(sympy.log(X / 2), sympy.cos(X**2), exp(sympy.sin(X)) - Y) == {(X, 2), (X, 0)}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (X - Y / 3, True),
        (0.55 * Y - 1.65 * X, True),
        (exp(Y - 3 * X) - 1, True),
        (exp(3 * X) - exp(Y), True),
        (X, False),
        (exp(X - Y), False),
        (sympy.floor(3 * X - Y), False),
    ],
)
def test_what_vanishes(expression, expected):
    (zero,) = [each for each in zeros_of([exp(3 * X - Y)]) if each.symbol == X]
    assert vanishes(expression, zero) is expected


@pytest.mark.parametrize(
    ("condition", "reached"),
    [
        (sympy.Ne(X, 5), False),
        (sympy.Eq(X, 5), True),
        (sympy.Abs(X - 5) > 1e-14, False),
        (sympy.And(X > 4, Y > 0), True),
        (sympy.And(X > 6, Y > 0), False),
        (sympy.Not(X < 6), False),
        (sympy.Or(X > 6, Y > 0), True),
        (sympy.sin(sympy.floor(X)) > 6, True),
    ],
)
def test_conditions_leave_a_zero_in_or_not(condition, reached):
    (zero,) = zeros_of([exp(X / 5 - 1)])
    assert is_reached([(condition, True)], zero) is reached
