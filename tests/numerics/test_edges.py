"""States at the edge of where a right-hand side has values."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import make_system

from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS

ADAPTIVE = [name for name, method in {**TABLEAUS, **IMPLICIT_TABLEAUS}.items() if method.error_order is not None]


@pytest.mark.one_in(10)
@pytest.mark.parametrize("algorithm", ADAPTIVE)
def test_no_step_ends_where_none_could_begin(algorithm):
    # A power of a state that decays: a hair below zero it has no value.
    system = make_system({"x": 0.2}, {"x": "x**n/(9.0**n + x**n) - 4.6*x"}, {"n": 2.5})
    solution = solve(make_problem(system, algorithm, 20.0, rtol=1e-5, atol=1e-8), target="python")
    assert not solution.status.any()
    assert np.abs(solution.variables).max() < 1e-6


@pytest.mark.one_in(4)
@pytest.mark.parametrize("algorithm", ["rodas3", "rosenbrock23", "rodas5p", "kvaerno5", "radau_iia_5", "tsit5"])
def test_no_step_leads_over_a_pole(algorithm):
    system = make_system({"x": 1.0}, {"x": "a*x**2"}, {"a": 1.0})
    problem = make_problem(system, algorithm, 2.0, swept=["a"], rtol=1e-4, atol=1e-7)
    solution = solve(problem, np.geomspace(0.55, 50.0, 5), "python")
    assert solution.status.all()


@pytest.mark.one_in(6)
@pytest.mark.parametrize("algorithm", ["tsit5", "vern7", "dop853", "rodas5p", "kvaerno5", "radau_iia_5"])
def test_jumps_at_states_are_seen_wherever_in_a_step_they_are(algorithm):
    system = make_system({"x": 1.0, "y": 0.0}, {"x": "-x", "y": "Piecewise((1, x > a), (-1, True))"}, {"a": 0.5})
    places = np.linspace(0.2, 0.9, 29)
    problem = make_problem(system, algorithm, 2.0, swept=["a"], rtol=1e-6, atol=1e-6)
    solution = solve(problem, places, "python")
    assert not solution.status.any()
    assert np.abs(solution.variables[1, -1] - (-2 * np.log(places) - 2)).max() <= 3e-4
