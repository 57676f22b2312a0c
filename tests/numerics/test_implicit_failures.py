"""Matrices that are singular, equations without a root, functions that end: a status, never a wrong success."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import lorenz, make_system

from solvers.settings import LinearSettings, NewtonSettings
from solvers.status import Status
from solvers.tableaus import IMPLICIT_TABLEAUS

everywhere = pytest.mark.parametrize("target", ["python", pytest.param("cuda", marks=pytest.mark.gpu)])
#: One method of each kind: explicit first stage or not, filtered error or not, real and complex blocks.
METHODS = ("backwards_euler", "crank_nicolson", "sdirk4", "kvaerno3", "gauss_legendre_4", "radau_iia_5", "rodas4")
BROKEN = {Status.NEWTON_FAILED, Status.LINEAR_FAILED, Status.NONFINITE}
MATRIX_FREE = [
    LinearSettings(kind=kind, preconditioner=preconditioner)
    for kind in ("minimal_residual", "steepest_descent", "bicgstab")
    for preconditioner in ("none", "neumann")
]

GROWTH = make_system({"x": 1.0, "y": 0.5}, {"x": "k*x", "y": "-y + x/10"}, {"k": 1.0})
#: The step times gamma is the inverse of an eigenvalue, exactly.
SINGULAR = {"backwards_euler": 1.0, "implicit_midpoint": 0.5, "sdirk4": 0.25, "rodas4": 0.25, "gauss_legendre_2": 0.5}


@everywhere
@pytest.mark.parametrize("name", SINGULAR)
def test_singular_matrix_ends_one_run(name, target):
    step = 0.25
    singular = 1.0 / (step * SINGULAR[name])
    problem = make_problem(GROWTH, name, 1.0, dt=step, every=0.5, swept=("k",))
    solution = solve(problem, [-1.0, singular, 0.5], target)
    assert solution.status.tolist() == [Status.SUCCESS, Status.LINEAR_FAILED, Status.SUCCESS]
    assert solution.steps[1] == 0
    assert np.isfinite(solution.variables[..., [0, 2]]).all()
    assert np.isnan(solution.variables[:, 1:, 1]).all()
    np.testing.assert_array_equal(solution.variables[:, 0, 1], [1.0, 0.5])


@everywhere
@pytest.mark.parametrize("linear", MATRIX_FREE, ids=lambda each: f"{each.kind}-{each.preconditioner}")
@pytest.mark.parametrize("name", ["backwards_euler", "rodas4"])
def test_singular_matrix_ends_iterations(name, linear, target):
    system = make_system({"x": 1.0}, {"x": "k*x"}, {"k": 1.0})
    singular = 1.0 / (0.25 * SINGULAR[name])
    problem = make_problem(system, name, 1.0, dt=0.25, swept=("k",), linear=linear)
    solution = solve(problem, [singular, 0.5], target)
    assert solution.status.tolist() == [Status.LINEAR_FAILED, Status.SUCCESS]


@everywhere
@pytest.mark.parametrize("name", METHODS)
def test_adaptive_steps_avoid_a_singular_matrix(name, target):
    method = IMPLICIT_TABLEAUS[name]
    gamma = getattr(method, "gamma", None) or 1 / (method.transformation.real or (4.0,))[0]
    first = 0.25
    problem = make_problem(GROWTH, name, 1.0, dt0=first, rtol=1e-5, atol=1e-7, swept=("k",))
    growth = 1.0 / (first * gamma)
    solution = solve(problem, [growth], target)
    assert solution.status.tolist() == [Status.SUCCESS]
    assert solution.rejected[0] > 0
    np.testing.assert_allclose(solution.variables[0, 0, 0], np.exp(growth), rtol=2e-2)


#: Backward Euler's equation z = y + h*c*(1 + z^2) has no real root for long steps.
TANGENT = make_system({"y": 0.0}, {"y": "c*(1 + y**2)"}, {"c": 1.0})


@everywhere
@pytest.mark.parametrize("max_backtracks", [0, 5])
@pytest.mark.parametrize("jacobian", ["step", "iteration"])
def test_equation_without_a_root(jacobian, max_backtracks, target):
    newton = NewtonSettings(jacobian=jacobian, max_backtracks=max_backtracks)
    problem = make_problem(TANGENT, "backwards_euler", 1.0, dt=0.5, swept=("c",), newton=newton)
    solution = solve(problem, [0.2, 1.4, 0.3], target)
    assert solution.status.tolist() == [Status.SUCCESS, Status.NEWTON_FAILED, Status.SUCCESS]
    assert np.isnan(solution.variables[0, 0, 1])


@everywhere
def test_a_phase_without_iterations_does_not_hide_that_there_is_no_root(target):
    # Up to y = 1 the equation is linear, so that Newton's method remembers a perfect contraction.
    system = make_system({"y": 0.0}, {"y": "Piecewise((1.0, y < 1.01), (50*(1 + y**2), True))"})
    solution = solve(make_problem(system, "backwards_euler", 2.0, dt=0.25), target=target)
    assert solution.status.tolist() == [Status.NEWTON_FAILED]
    assert solution.steps[0] == 4


@everywhere
@pytest.mark.parametrize("name", METHODS)
def test_shorter_steps_find_a_root(name, target):
    problem = make_problem(TANGENT, name, 1.0, dt0=1.0, rtol=1e-6, atol=1e-8, swept=("c",))
    solution = solve(problem, [1.4, 0.3], target)
    assert solution.status.tolist() == [Status.SUCCESS] * 2
    if not name.startswith("rodas"):
        assert solution.rejected[0] > 0
    np.testing.assert_allclose(solution.variables[0, 0], np.tan([1.4, 0.3]), rtol=1e-2)


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize("settings", [{"dt": 0.125}, {}], ids=["fixed", "adaptive"])
@pytest.mark.parametrize("name", IMPLICIT_TABLEAUS)
def test_jacobian_that_ends_on_the_way(name, settings, target):
    # x falls through 0 between 0.6 and 0.7; nothing is defined beyond. With c = 0 it does not.
    system = make_system({"x": 1.0}, {"x": "-c*(1 + sqrt(x))"}, {"c": 1.0})
    problem = make_problem(system, name, 1.0, every=0.25, swept=("c",), rtol=1e-4, atol=1e-6, **settings)
    if "dt" not in settings and IMPLICIT_TABLEAUS[name].error_order is None:
        pytest.skip("no error estimate")
    solution = solve(problem, [0.0, 1.0, 0.1], target)
    assert solution.status[[0, 2]].tolist() == [Status.SUCCESS] * 2
    assert solution.status[1] in BROKEN
    assert np.isfinite(solution.variables[0, :, [0, 2]]).all()
    assert np.isfinite(solution.variables[0, :2, 1]).all()
    assert np.isnan(solution.variables[0, 3:, 1]).all()


@everywhere
@pytest.mark.parametrize("name", METHODS)
def test_a_slope_of_zero_times_infinity_costs_no_run(name, target):
    # f = 0 but df/dx = 0/0 where c = x = 0.
    system = make_system({"x": 1.0}, {"x": "-c*sqrt(x)"}, {"c": 1.0})
    for settings in ({"dt": 0.25}, {"rtol": 1e-5}):
        problem = make_problem(system, name, 1.0, swept=("c", "x"), **settings)
        solution = solve(problem, [[0.0, 1.0], [0.0, 1.0]], target)
        assert solution.status.tolist() == [Status.SUCCESS] * 2
        np.testing.assert_allclose(solution.variables[0, -1], [0.0, 0.25], atol=0.1)


@everywhere
@pytest.mark.parametrize("name", METHODS)
def test_root_of_a_negative_in_a_trial_step_is_mended(name, target):
    system = make_system({"x": 1.0}, {"x": "-sqrt(x)"})
    problem = make_problem(system, name, 1.9, dt0=1.9, rtol=1e-5, atol=1e-7)
    solution = solve(problem, target=target)
    assert solution.status.tolist() == [Status.SUCCESS]
    assert solution.rejected[0] > 0
    np.testing.assert_allclose(solution.variables[0, 0, 0], (1 - 0.95) ** 2, rtol=0.1)


@pytest.mark.one_in(4)
@everywhere
@pytest.mark.parametrize("name", METHODS)
def test_solution_that_leaves_for_infinity(name, target):
    pole = make_system({"x": 1.0}, {"x": "x**2"})
    problem = make_problem(pole, name, 1.0, every=0.25, swept=("x",), rtol=1e-3, atol=1e-5)
    solution = solve(problem, [0.25, 2.0, 0.1], target)
    assert solution.status[[0, 2]].tolist() == [Status.SUCCESS] * 2
    assert solution.status[1] in BROKEN | {Status.STEP_TOO_SMALL}
    assert np.isnan(solution.variables[0, 3:, 1]).all()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("rtol", [1e-6, 1e-10, 1e-13, 1e-15])
@pytest.mark.parametrize("name", ["backwards_euler", "kvaerno5", "radau_iia_5"])
def test_fixed_steps_converge_at_tight_tolerances(name, rtol):
    solution = solve(make_problem(lorenz(), name, 0.5, dt=0.01, rtol=rtol, atol=rtol / 1000))
    assert solution.status.tolist() == [Status.SUCCESS]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-7])
def test_fixed_steps_converge_in_single_precision(rtol):
    problem = make_problem(lorenz(), "kvaerno5", 0.5, dt=0.01, rtol=rtol, atol=rtol / 1000, precision="float32")
    assert solve(problem).status.tolist() == [Status.SUCCESS]
