"""Exponentials that differ by a constant in their argument are computed once."""

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from solvers.equations import functions
from solvers.equations.exponentials import FARTHEST, multiples
from solvers.equations.lowering import compile_program
from solvers.equations.program import literals

X, K = sympy.symbols("x k", real=True)


def exponential(argument):
    return functions.exp(argument)


def exponentials_in(expressions):
    program = compile_program([X, K], expressions)
    return sum(step.operation == "exp" for step in program.steps)


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["-(x + 40)/10", "-(x + 35)/10", "-x/10 - 5.5"], 1),
        (["-(x + 40)/10", "-(x + 40)/11"], 2),
        (["x", "x + 7.9", "x - 7.9"], 2),
        (["x + 1000", "x"], 2),
        (["k*x", "k*x + 3", "k + 3"], 2),
        (["x", "-x"], 2),
        (["1", "2"], 2),
    ],
)
def test_one_is_left_of_those_that_belong_together(arguments, left):
    texts = [sympy.sympify(each, locals={"x": X, "k": K}) for each in arguments]
    assert exponentials_in([exponential(each) for each in texts]) == left


def test_the_smallest_is_left():
    low, high = exponential(X - 3), exponential(X + 2)
    assert multiples([high, low]) == {high: (low, np.exp(5.0))}


@given(st.floats(-600, 600), st.floats(-FARTHEST, FARTHEST))
def test_values_are_right(x, constant):
    first, second = exponential(X), exponential(X + constant)
    program = compile_program([X, K], [first, second])
    with np.errstate(all="ignore"):
        found = program.evaluate([np.float64(x), np.float64(0.0)], literals(np.float64(0.0), "float64"))
    expected = [mpmath.exp(x), mpmath.exp(mpmath.mpf(x) + mpmath.mpf(constant))]
    assert [float(each) for each in found] == pytest.approx([float(each) for each in expected], rel=4e-13)


def test_nothing_overflows_that_would_not_by_itself():
    program = compile_program([X, K], [exponential(X), exponential(X - 5)])
    _, second = program.evaluate([np.float64(712.0), np.float64(0.0)], literals(np.float64(0.0), "float64"))
    assert float(second) == pytest.approx(np.exp(707.0), rel=1e-12)
