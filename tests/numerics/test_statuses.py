"""How runs end, and what is kept of those that fail."""

import numpy as np
import pytest
from support.solving import build, make_problem, solve
from support.systems import lorenz, make_system

from solvers.status import Status

#: x = 1/(1/x0 - t): a pole at t = 1/x0.
POLE = make_system({"x": 1.0}, {"x": "x**2"})
STARTS = [0.25, 2.0, 0.1]
everywhere = pytest.mark.parametrize("target", ["python", "cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
BROKEN = {Status.NONFINITE, Status.STEP_TOO_SMALL}


@everywhere
def test_adaptive_pole_ends_one_run(target):
    problem = make_problem(POLE, "tsit5", 1.0, every=0.125, swept=("x",))
    solution = solve(problem, STARTS, target)
    assert solution.status[[0, 2]].tolist() == [0, 0]
    assert solution.status[1] in BROKEN
    before = problem.times < 0.5
    x = solution.variables[0]
    np.testing.assert_allclose(x[:, [0, 2]], 1 / (1 / np.array([0.25, 0.1]) - problem.times[:, None]), rtol=1e-5)
    np.testing.assert_allclose(x[before, 1], 1 / (0.5 - problem.times[before]), rtol=1e-3)
    # The time of the pole itself is reached, or not, by rounding.
    assert np.isnan(x[problem.times > 0.5, 1]).all()


@everywhere
@pytest.mark.parametrize("name", ["euler", "rk4", "tsit5"])
def test_fixed_steps_beyond_a_pole_are_not_finite(name, target):
    problem = make_problem(POLE, name, 4.0, dt=0.05, every=0.5, swept=("x",))
    solution = solve(problem, [0.1, 2.0], target)
    assert solution.status.tolist() == [Status.SUCCESS, Status.NONFINITE]
    finite = np.isfinite(solution.variables[0, :, 1])
    assert finite[0]
    assert not finite[-1]
    assert (np.diff(finite.astype(int)) <= 0).all()
    assert np.isnan(solution.variables[0, ~finite, 1]).all()


@pytest.mark.one_in(4)
@everywhere
@pytest.mark.parametrize("name", ["euler", "tsit5", "backwards_euler"])
def test_how_a_fixed_step_run_fails_does_not_depend_on_what_is_saved(name, target):
    # Euler's steps square x.
    ends = [
        solve(make_problem(POLE, name, 4.0, dt=0.05, **save), target=target)
        for save in ({}, {"every": 0.05}, {"every": 0.4}, {"at": [0.1, 3.9]})
    ]
    assert ends[0].status[0] != Status.SUCCESS
    assert {(end.status[0], end.steps[0], end.rejected[0]) for end in ends[1:]} == {
        (ends[0].status[0], ends[0].steps[0], ends[0].rejected[0])
    }
    finite = np.isfinite(ends[1].variables[0, :, 0])
    assert finite[0]
    assert not finite[-1]
    assert np.isnan(ends[1].variables[0, ~finite, 0]).all()


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize("t0", [-1.0, 1e6])
@pytest.mark.parametrize("name", ["tsit5", "dop853", "rodas5p"])
def test_no_step_leaves_the_span(name, t0, target):
    # There is no root behind the end of the span.
    system = make_system({"x": 1.0}, {"x": f"-x*sqrt({t0 + 1.0!r} - t)"})
    tolerances = {"rtol": 1e-8, "atol": 1e-12} if name != "rodas5p" else {"rtol": 1e-5}
    for dt_max in (None, 0.01):
        solution = solve(make_problem(system, name, t0 + 1.0, t0=t0, dt_max=dt_max, **tolerances), target=target)
        assert solution.status.tolist() == [Status.SUCCESS]
        np.testing.assert_allclose(solution.variables[0, 0, 0], np.exp(-2 / 3), rtol=1e-4)
        assert solution.steps[0] + solution.rejected[0] < 160


@everywhere
@pytest.mark.parametrize("settings", [{"dt": 0.05}, {}], ids=["fixed", "adaptive"])
def test_failed_end_is_nan(settings, target):
    solution = solve(make_problem(POLE, "tsit5", 4.0, swept=("x",), **settings), [0.1, 2.0], target)
    assert solution.status[0] == Status.SUCCESS
    assert solution.status[1] in BROKEN
    np.testing.assert_allclose(solution.variables[0, 0, 0], 1 / 6, rtol=1e-5)
    assert np.isnan(solution.variables[0, 0, 1])


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize("name", ["tsit5", "rodas5p", "kvaerno5"])
def test_no_step_is_as_short_as_rounding(name, target):
    decay = make_system({"x": 1.0}, {"x": "-x"})
    problem = make_problem(decay, name, 1.0, t0=0.7, dt0=0.3, dt_max=0.3, rtol=1e-2)
    solution = solve(problem, target=target)
    assert solution.status.tolist() == [Status.SUCCESS]
    assert 1.0 - 0.7 > 0.3
    assert solution.steps.tolist() == [2]
    np.testing.assert_allclose(solution.variables[0, 0, 0], np.exp(-0.3), rtol=1e-3)


@everywhere
def test_max_steps_counts_attempts(target):
    full = make_problem(lorenz(), "tsit5", 2.0, dt0=0.5)
    free = solve(full, target=target)
    attempts = int(free.steps[0] + free.rejected[0])
    assert free.rejected[0] > 0
    enough = solve(make_problem(lorenz(), "tsit5", 2.0, dt0=0.5, max_steps=attempts), target=target)
    assert enough.status.tolist() == [Status.SUCCESS]
    short = solve(make_problem(lorenz(), "tsit5", 2.0, dt0=0.5, max_steps=attempts - 1, every=0.5), target=target)
    assert short.status.tolist() == [Status.MAX_STEPS]
    assert short.steps[0] + short.rejected[0] == attempts - 1
    assert np.isfinite(short.variables[:, :-1]).all()
    assert np.isnan(short.variables[:, -1]).all()


@everywhere
def test_smallest_step_rejected_ends_the_run(target):
    solution = solve(make_problem(lorenz(), "tsit5", 2.0, rtol=1e-9, dt_min=0.05), target=target)
    assert solution.status.tolist() == [Status.STEP_TOO_SMALL]
    assert np.isnan(solution.variables).all()


@everywhere
def test_smallest_step_accepted_goes_on(target):
    calm = make_system({"x": 1.0}, {"x": "-x"})
    solution = solve(make_problem(calm, "tsit5", 1.0, dt0=1e-3, dt_min=0.01, dt_max=0.01), target=target)
    assert solution.status.tolist() == [Status.SUCCESS]
    np.testing.assert_allclose(solution.variables[0, 0, 0], np.exp(-1), rtol=1e-6)


@everywhere
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_no_step_is_shorter_than_the_smallest(precision, target):
    # The first step is rejected, and may shrink to a fifth, 0.038, but not below 0.1, which is rejected too.
    system = make_system({"x": 1.0}, {"x": "-200*(x - cos(t))"})
    problem = make_problem(system, "tsit5", 2.0, dt0=0.19, dt_min=0.1, precision=precision)
    solution = solve(problem, target=target)
    assert solution.status.tolist() == [Status.STEP_TOO_SMALL]
    assert (solution.steps[0], solution.rejected[0]) == (0, 2)


@everywhere
@pytest.mark.parametrize("settings", [{"dt": 0.1}, {}], ids=["fixed", "adaptive"])
def test_nan_at_start_concerns_one_run(settings, target):
    system = make_system({"x": 1.0}, {"x": "-sqrt(k)*x"}, {"k": 1.0})
    problem = make_problem(system, "tsit5", 1.0, every=0.25, swept=("k",), **settings)
    solution = solve(problem, [4.0, -1.0, 1.0], target)
    assert solution.status.tolist() == [Status.SUCCESS, Status.NONFINITE, Status.SUCCESS]
    assert solution.steps[1] == 0
    np.testing.assert_allclose(solution.variables[0, -1, [0, 2]], np.exp([-2, -1]), rtol=1e-5)
    assert np.isnan(solution.variables[0, 1:, 1]).all()


@everywhere
def test_initial_value_that_is_not_finite(target):
    system = make_system({"x": 1.0, "y": 0.0}, {"x": "-y", "y": "1"})
    solution = solve(make_problem(system, "tsit5", 1.0, swept=("x",)), [1.0, np.nan, np.inf], target)
    assert solution.status.tolist() == [Status.SUCCESS, Status.NONFINITE, Status.NONFINITE]


@everywhere
@pytest.mark.parametrize("name", ["tsit5", "dop853", "bogacki_shampine32"])
def test_root_of_a_negative_in_a_trial_step_is_mended(name, target):
    # x falls to 0 like (1 - t/2)^2; the first step is far too long, its stages are beyond.
    system = make_system({"x": 1.0}, {"x": "-sqrt(x)"})
    problem = make_problem(system, name, 1.9, dt0=1.9, rtol=1e-7)
    solution = solve(problem, target=target)
    assert solution.status.tolist() == [Status.SUCCESS]
    assert solution.rejected[0] > 0
    np.testing.assert_allclose(solution.variables[0, 0, 0], (1 - 0.95) ** 2, rtol=1e-3)


@everywhere
def test_wall_that_cannot_be_passed(target):
    # Beyond t = 1 nothing is defined: the step shrinks to nothing.
    system = make_system({"x": 1.0}, {"x": "sqrt(1 - t)"})
    solution = solve(make_problem(system, "tsit5", 2.0, every=0.5), target=target)
    assert solution.status.tolist() == [Status.NONFINITE]
    assert np.isfinite(solution.variables[0, :2, 0]).all()
    assert np.isnan(solution.variables[0, 3:, 0]).all()


def test_solver_is_used_again():
    solver = build(make_problem(POLE, "tsit5", 1.0, swept=("x",)))
    first = solver.solve(np.array([STARTS]))
    solver.solve(np.array([[np.nan] * 40]))
    again = solver.solve(np.array([STARTS]))
    assert first.variables.tobytes() == again.variables.tobytes()
