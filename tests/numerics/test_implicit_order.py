"""Every implicit method has the order that it claims: at the end of a step and within."""

import numpy as np
import pytest
from support.order import SMOOTH, SMOOTH_SWEPT, exponent, smooth_errors, smooth_inputs
from support.solving import make_problem, solve

from solvers.settings import NewtonSettings
from solvers.tableaus import IMPLICIT_TABLEAUS

#: Where in a step the continuous extension is looked at.
THETAS = (0.15, 0.3)
STARTS = np.linspace(0.0, 6.2, 12)
#: Newton's method must solve to rounding, or its errors would show; the largest steps take it many corrections.
EXACT = {"rtol": 1e-13, "atol": 1e-13, "newton": NewtonSettings(max_iters=100)}
#: The longest step in t, where errors of the order claimed outweigh those of higher ones.
LONGEST = {1: 0.03, 2: 0.05, 3: 0.06, 4: 0.08, 5: 0.11, 6: 0.36, 9: 1.1}


@pytest.mark.one_in(5)
@pytest.mark.parametrize("name", IMPLICIT_TABLEAUS)
def test_errors_fall_with_the_power_of_the_step(name):
    method = IMPLICIT_TABLEAUS[name]
    scales = 2 * np.geomspace(0.25, 1.0, 10) * LONGEST[method.order]
    times = np.array([*((1 + theta) / 2 for theta in THETAS), 1.0])
    problem = make_problem(SMOOTH, name, 1.0, dt=0.5, at=times, swept=SMOOTH_SWEPT, **EXACT)
    solution = solve(problem, smooth_inputs(scales, STARTS), target="python")
    assert not solution.status.any()
    errors = smooth_errors(scales, times, solution.variables, STARTS)
    orders = [exponent(scales, each, 3e-15, 1e-2) - 1 for each in errors]
    dense = method.dense_output.order
    assert min(orders[:-1]) > dense - 0.2
    assert orders[-1] > method.order - 0.2
    # Order 9 reaches rounding before the terms of the next orders have vanished.
    assert method.order > 6 or orders[-1] < method.order + 0.2
