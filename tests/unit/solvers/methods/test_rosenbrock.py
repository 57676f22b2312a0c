"""Rosenbrock steps: the linear systems they solve, and what depends on time."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import lorenz, make_system

from solvers.execution.engine import plan
from solvers.settings import LinearSettings
from solvers.tableaus import IMPLICIT_TABLEAUS
from solvers.tableaus.rosenbrock import RosenbrockTableau

METHODS = [name for name, method in IMPLICIT_TABLEAUS.items() if isinstance(method, RosenbrockTableau)]
FORCED = make_system({"x": 1.0, "y": 0.0}, {"x": "-x*y + cos(3*t)", "y": "x - y + t**2"})


@pytest.mark.parametrize("name", METHODS)
def test_a_linear_problem_is_multiplied_with_the_stability_function(name):
    method = IMPLICIT_TABLEAUS[name]
    matrix = np.array([[-3.0, 2.0], [-40.0, -5.0]])
    system = make_system({"x": 1.0, "y": 0.5}, {"x": "-3*x + 2*y", "y": "-40*x - 5*y"})
    solution = solve(make_problem(system, name, 0.3, dt=0.3), target="python")
    values, vectors = np.linalg.eig(matrix)
    rational = vectors @ np.diag([method.amplification(0.3 * value) for value in values]) @ np.linalg.inv(vectors)
    np.testing.assert_allclose(solution.variables[:, 0, 0], (rational @ [1.0, 0.5]).real, rtol=1e-12)


@pytest.mark.parametrize("name", METHODS)
def test_time_is_a_state_like_others(name):
    # The step of a system that depends on time is that of the autonomous one which has t among its states.
    autonomous = make_system({"x": 1.0, "y": 0.0, "s": 0.0}, {"x": "-x*y + cos(3*s)", "y": "x - y + s**2", "s": "1"})
    explicit = solve(make_problem(FORCED, name, 1.0, dt=0.25), target="python")
    inside = solve(make_problem(autonomous, name, 1.0, dt=0.25), target="python")
    np.testing.assert_allclose(explicit.variables[:, 0, 0], inside.variables[:2, 0, 0], rtol=1e-12)


@pytest.mark.parametrize("kind", ["minimal_residual", "bicgstab"])
@pytest.mark.parametrize("name", METHODS)
def test_iteration_solves_what_elimination_does(name, kind):
    direct = solve(make_problem(FORCED, name, 1.0, dt=0.25), target="python")
    linear = LinearSettings(kind=kind, tolerance=1e-12)
    iterated = solve(make_problem(FORCED, name, 1.0, dt=0.25, linear=linear), target="python")
    assert iterated.status.tolist() == [0]
    np.testing.assert_allclose(iterated.variables, direct.variables, rtol=1e-9)


def test_buffers_are_those_that_are_needed():
    names = {}
    for key, settings in {
        "autonomous": {"system": lorenz()},
        "forced": {"system": FORCED},
        "matrix-free": {"system": lorenz(), "linear": LinearSettings(kind="bicgstab")},
    }.items():
        system = settings.pop("system")
        names[key] = set(plan(make_problem(system, "rodas4", 1.0, **settings), "cpu").registry.names)
    assert "newton" not in "".join(names["autonomous"])
    assert names["forced"] - names["autonomous"] == {"step.time_derivative"}
    assert {"step.stage_rhs", "step.stage_solution", "linear.shadow"} <= names["matrix-free"]
    assert "linear.factors" not in names["matrix-free"]
