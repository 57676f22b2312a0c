"""Every method has the order that it claims: at the end of a step and, where it interpolates, within."""

import numpy as np
import pytest
from support.order import (
    SMOOTH,
    SMOOTH_SWEPT,
    exponent,
    polynomial,
    polynomial_coefficients,
    smooth_errors,
    smooth_inputs,
)
from support.solving import make_problem, solve

from solvers.tableaus import TABLEAUS
from solvers.tableaus.tableau import ButcherTableau

NAMES = [name for name, method in TABLEAUS.items() if isinstance(method, ButcherTableau)]
DENSE = [name for name in NAMES if TABLEAUS[name].dense_output]
#: Where in a step the continuous extension is looked at.
THETAS = (0.15, 0.3)


def counted_order(errors, rounding):
    """Return the number of weights integrated without an error."""
    wrong = errors > rounding
    return int(np.argmax(wrong)) if wrong.any() else len(errors)


def relative_errors(name, t, **saving):
    """Return the error of each weight at t, from steps of 1."""
    highest = TABLEAUS[name].order + 2
    solution = solve(make_problem(polynomial(highest), name, 3.0, dt=1.0, **saving), target="python")
    exact = np.array(polynomial_coefficients(highest)) * t ** np.arange(1, highest + 1)
    return np.abs(solution.variables[:, 0, 0] / exact - 1)


@pytest.mark.parametrize("name", NAMES)
def test_order_is_counted_at_steps(name):
    assert counted_order(relative_errors(name, 3.0), rounding=5e-11) == TABLEAUS[name].order


@pytest.mark.parametrize("theta", [0.15, 0.6])
@pytest.mark.parametrize("name", DENSE)
def test_order_is_counted_within_steps(name, theta):
    # The polynomials of "vern6" and "vern8" have coefficients up to 1e6, so rounding shows early.
    errors = relative_errors(name, 1.0 + theta, at=[1.0 + theta])
    assert counted_order(errors, rounding=2e-9) == TABLEAUS[name].dense_output.order


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", NAMES)
def test_errors_fall_with_the_power_of_the_step(name):
    method = TABLEAUS[name]
    dense = method.dense_output
    scales = np.geomspace(2e-3, 3.0, 60)
    times = np.array([*(((1 + theta) / 2 for theta in THETAS) if dense else ()), 1.0])
    problem = make_problem(SMOOTH, name, 1.0, dt=0.5, at=times, swept=SMOOTH_SWEPT)
    errors = smooth_errors(scales, times, solve(problem, smooth_inputs(scales)).variables)
    orders = [exponent(scales, each, 1e-13, 1e-5) - 1 for each in errors]
    claimed = [*([dense.order] * len(THETAS) if dense else ()), method.order]
    for order, claim in zip(orders, claimed, strict=True):
        assert order > claim - 0.2
    # Methods of higher order reach rounding before the terms of the next orders have vanished.
    assert method.order > 4 or orders[-1] < method.order + 0.2
