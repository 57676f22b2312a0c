"""The loop's bookkeeping, on the python target with a step that does what a test says."""

import numpy as np
import pytest
from support.solving import build, make_problem, solve
from support.systems import lorenz, make_system


def test_swept_values_replace_defaults():
    system = make_system({"x": 1.0, "y": 5.0}, {"x": "0", "y": "0"}, {"a": 7.0, "b": 9.0}, {"both": "a + 100*b"})
    problem = make_problem(system, "euler", 1.0, dt=1.0, swept=("b", "x"))
    found = solve(problem, [[1.0, 2.0], [30.0, 40.0]], target="python").variables[:, 0]
    np.testing.assert_array_equal(found, [[30, 40], [5, 5], [107, 207]])


def test_runs_start_with_nothing_of_the_one_before():
    system = make_system({"x": 1.0}, {"x": "-k*x"}, {"k": 1.0})
    solver = build(make_problem(system, "dormand_prince54", 1.0, swept=("k",), controller="pid"), "python")
    together = solver.solve(np.array([[40.0, 0.1, np.nan, 3.0]]))
    alone = solver.solve(np.array([[3.0]]))
    assert together.variables[..., 3].tobytes() == alone.variables[..., 0].tobytes()
    assert together.steps[3] == alone.steps[0]
    assert together.status.tolist() == [0, 0, 5, 0]


def test_rejected_steps_change_nothing():
    # A first step that is rejected, and then the same run started with the step that followed.
    rejected = solve(make_problem(lorenz(), "tsit5", 1.0, dt0=1.0, controller="i"), target="python")
    assert rejected.rejected[0] > 0
    exact = solve(make_problem(lorenz(), "tsit5", 1.0, rtol=1e-11), target="python")
    np.testing.assert_allclose(rejected.variables, exact.variables, rtol=1e-3)


@pytest.mark.parametrize(("dt_max", "fewest"), [(0.01, 100), (0.1, 10)])
def test_longest_step(dt_max, fewest):
    system = make_system({"x": 1.0}, {"x": "-x"})
    solution = solve(make_problem(system, "vern9", 1.0, dt_max=dt_max), target="python")
    assert fewest <= solution.steps[0] <= fewest + 8


def test_steps_count_slopes_of_the_first_kind_once():
    # 10 steps of a method whose last slope is the next one's first: the counts are those of the loop.
    solution = solve(make_problem(lorenz(), "tsit5", 1.0, dt=0.1), target="python")
    assert (solution.steps[0], solution.rejected[0]) == (10, 0)
