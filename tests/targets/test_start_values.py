"""Values that are expressions of parameters, computed for each run before it starts."""

from dataclasses import replace

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import make_system

from solvers.equations.system import parameter_symbol, state_symbol

TARGETS = ["python", "cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
CL, V, KE = map(parameter_symbol, range(3))
RUNS = np.array([np.linspace(1.0, 4.0, 7), np.linspace(20.0, 50.0, 7)])


def system():
    """Return elimination from a volume, whose rate and start are expressions."""
    made = make_system({"amount": 30.0}, {"amount": "-ke*amount"}, {"CL": 3.0, "V": 30.0, "ke": 0.1})
    return replace(made, values=((KE, CL / V), (state_symbol(0), 2 * V * (1 + KE))))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("target", TARGETS)
def test_each_run_starts_from_its_own(target, precision):
    problem = make_problem(system(), "tsit5", 5.0, swept=("CL", "V"), at=[0.0, 5.0], rtol=1e-6, precision=precision)
    found = solve(problem, RUNS, target).variables[0]
    rate = RUNS[0] / RUNS[1]
    start = 2 * RUNS[1] * (1 + rate)
    tolerance = 1e-15 if precision == "float64" else 2e-7
    np.testing.assert_allclose(found[0], start, rtol=tolerance)
    np.testing.assert_allclose(found[1], start * np.exp(-5 * rate), rtol=1e-5)


@pytest.mark.parametrize("target", TARGETS)
def test_a_swept_name_takes_the_swept_value(target):
    values = np.array([[0.25, 0.5], [1.0, 7.0]])
    found = solve(make_problem(system(), "tsit5", 1e-9, swept=("ke", "amount"), at=[0.0]), values, target).variables[0]
    np.testing.assert_array_equal(found[0], values[1])
    halved = solve(make_problem(system(), "tsit5", 1e-9, swept=("ke",), at=[0.0]), values[:1], target).variables[0]
    np.testing.assert_allclose(halved[0], 60 * (1 + values[0]))
