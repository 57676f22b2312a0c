"""What the output stores, and where."""

import numpy as np
from support.solving import make_problem, solve
from support.systems import make_system

SYSTEM = make_system(
    {"x": 1.0, "y": 2.0, "z": 3.0},
    {"x": "0", "y": "0", "z": "0"},
    {"k": 1.0},
    {"first": "k*x", "second": "first + t", "third": "second*10"},
)


def test_variables_lie_as_variable_time_run():
    problem = make_problem(SYSTEM, "euler", 1.0, dt=0.5, every=0.5, swept=("k",), observables=(0, 2))
    found = solve(problem, [4.0, 5.0], target="python").variables
    expected = [
        [[1, 1]] * 3,
        [[2, 2]] * 3,
        [[3, 3]] * 3,
        [[4, 5]] * 3,
        [[40, 50], [45, 55], [50, 60]],
    ]
    np.testing.assert_array_equal(found, expected)


def test_no_save_time_is_left_undefined():
    system = make_system({"x": 1.0}, {"x": "x**2"})
    solution = solve(make_problem(system, "rk4", 3.0, dt=0.1, every=0.1), target="python")
    finite = np.isfinite(solution.variables[0, :, 0])
    assert solution.status[0] == 5
    assert finite[:10].all()
    assert np.isnan(solution.variables[0, ~finite, 0]).all()
    assert not finite[-1]


def test_end_alone_needs_no_buffer():
    from solvers.execution import engine  # noqa: PLC0415

    ends = engine.plan(make_problem(SYSTEM, "euler", 1.0, dt=0.5), "python").registry
    grid = engine.plan(make_problem(SYSTEM, "euler", 1.0, dt=0.5, every=0.5), "python").registry
    assert set(grid.names) - set(ends.names) == {"output.interpolated_state"}
