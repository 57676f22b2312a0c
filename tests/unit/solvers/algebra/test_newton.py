"""Newton's method on the python target: where it stops, what damping does, what it remembers."""

from itertools import pairwise

import numpy as np
import pytest
from support.components import hosted, stage_matrix
from support.solving import make_problem, solve
from support.stiff import ROBERTSON, VAN_DER_POL
from support.systems import make_system

from solvers.algebra.linear_solvers import make_linear_solver
from solvers.algebra.newton import NewtonLimits, NewtonSolver
from solvers.algebra.point import Point
from solvers.equations.right_hand_side import RightHandSide
from solvers.methods.diagonally_implicit import StageEquation
from solvers.settings import LinearSettings, NewtonSettings
from solvers.status import Status

#: Far from its root the slope of this is so small that a full correction overshoots, each one further.
BEND = make_system({"y": 5.0}, {"y": "-k*atan(y)"}, {"k": 1e3})
T = np.float64(0.0)


class Recorded(NewtonSolver):
    """Newton's method that keeps the scale of each correction, and the residual's size before and after."""

    def build(self, target):
        self.trials, self.iterates = [], []
        return super().build(target)

    def _attempt(self, point, base, z, memory, scale):
        new = super()._attempt(point, base, z, memory, scale)
        self.trials.append((float(scale), float(new)))
        return new

    def _take(self, going, z, memory, size, new):
        size = super()._take(going, z, memory, size, new)
        self.iterates.append(z.copy())
        return size

    def _advance(self, going, point, base, z, memory, size):
        found = super()._advance(going, point, base, z, memory, size)
        self.iterates.append(z.copy())
        return found


def newton(system, *, full=True, linear=None, rtol=1e-6, atol=1e-9, **settings):
    """Return a solver of w = h*f(base + w), with its memory."""
    operator = stage_matrix(system, 1.0, rtol, atol)
    equation = StageEquation(RightHandSide(system, "float64"), operator)
    linear = linear or LinearSettings()
    solver = Recorded(
        equation,
        make_linear_solver(operator, linear, 0.05, linear.max_iters),
        NewtonLimits(**{"tolerance": 0.01, "max_iters": 10, **settings}),
        full=full,
    )
    return solver, hosted(solver)


def run(made, h, base, p=(), *, reset=True):
    """Return trouble and the root, from a guess of zero."""
    solver, component = made
    base, p, z = np.array(base, dtype=float), np.array(p, dtype=float), np.zeros(len(base))
    solver.trials.clear()
    solver.iterates.clear()
    with np.errstate(all="ignore"):
        if reset:
            solver.reset(np.bool_(1), component.memory)
        point = Point(T, np.float64(h), base, p)
        solver.prepare(point, component.memory)
        trouble = component.solve(np.bool_(1), point, base, z, component.memory)
    return int(trouble), z


def test_damping_finds_a_root_that_full_corrections_miss():
    plain, damped = newton(BEND), newton(BEND, max_backtracks=10, max_iters=50)
    trouble, _ = run(plain, 1.0, [5.0], [1e3])
    assert trouble == Status.NEWTON_FAILED
    trouble, z = run(damped, 1.0, [5.0], [1e3])
    assert trouble == 0
    root = 5.0 + z[0]
    assert root + 1e3 * np.arctan(root) == pytest.approx(5.0, abs=1e-4)
    scales = [scale for scale, _ in damped[0].trials]
    assert min(scales) < 1.0
    assert scales[0] == 1.0
    # Every correction that is taken reduces the residual.
    taken = [
        new
        for (_, new), (scale, _) in zip(damped[0].trials, [*damped[0].trials[1:], (1.0, 0)], strict=True)
        if scale == 1.0
    ]
    assert all(later <= earlier for earlier, later in pairwise(taken))


@pytest.mark.parametrize("damping", [0.5, 0.25])
def test_damping_is_the_factor_of_each_backtrack(damping):
    made = newton(BEND, max_backtracks=8, damping=damping, max_iters=1)
    run(made, 1.0, [5.0], [1e3])
    scales = [scale for scale, _ in made[0].trials]
    assert len(scales) > 1
    np.testing.assert_array_equal(scales, damping ** np.arange(len(scales)))


def test_backtracks_are_limited():
    made = newton(BEND, max_backtracks=2, max_iters=1)
    run(made, 1.0, [5.0], [1e3])
    assert [scale for scale, _ in made[0].trials] == [1.0, 0.5, 0.25]


@pytest.mark.parametrize("linear", [LinearSettings(), LinearSettings(kind="minimal_residual")])
def test_damping_acts_within_a_step(linear):
    for max_backtracks, status in ((0, Status.NEWTON_FAILED), (10, Status.SUCCESS)):
        settings = NewtonSettings(max_backtracks=max_backtracks, max_iters=50, jacobian="iteration")
        problem = make_problem(BEND, "backwards_euler", 1.0, dt=1.0, newton=settings, linear=linear)
        solution = solve(problem, target="python")
        assert solution.status.tolist() == [status]
    end = solution.variables[0, 0, 0]
    assert end + 1e3 * np.arctan(end) == pytest.approx(5.0, abs=1e-4)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("tolerance", [1e-1, 1e-4])
def test_error_of_the_iterate_is_within_the_tolerance(tolerance, full):
    made = newton(VAN_DER_POL, full=full, tolerance=tolerance, max_iters=20)
    exact = newton(VAN_DER_POL, tolerance=1e-9, rtol=1e-9, max_iters=20)
    for start in np.linspace(-2.2, 2.2, 12):
        base, p = [start, 0.3], [5.0]
        trouble, z = run(made, 0.05, base, p)
        assert trouble == 0
        _, root = run(exact, 0.05, base, p)
        error = np.sqrt(np.mean(((z - root) / (1e-9 + 1e-6 * np.abs(base))) ** 2))
        # The contraction is estimated from two corrections, so the error is that within a small factor.
        assert error <= 3 * tolerance
    # One correction more than needed is made where nothing is known of the contraction, not many.
    assert len(made[0].iterates) < 12


def test_contraction_is_remembered_until_the_next_run():
    made = newton(VAN_DER_POL, full=False, tolerance=0.05)
    base, p = [1.5, 0.3], [1.0]
    run(made, 1e-6, base, p)
    first = len(made[0].iterates)
    run(made, 1e-6, base, p, reset=False)
    assert len(made[0].iterates) < first
    run(made, 1e-6, base, p)
    assert len(made[0].iterates) == first


def test_divergence_is_seen_early():
    made = newton(BEND, max_iters=50)
    trouble, _ = run(made, 1.0, [5.0], [1e3])
    assert trouble == Status.NEWTON_FAILED
    assert len(made[0].iterates) < 6


def test_slow_convergence_is_given_up_when_it_cannot_end_in_time():
    # The simplified iteration contracts by about 0.5: ten corrections cannot do what twenty-five would.
    system = make_system({"y": 1.0}, {"y": "-k*y**2"}, {"k": 1.0})
    few, many = (newton(system, full=False, max_iters=count, tolerance=1e-6) for count in (10, 100))
    assert run(few, 3.0, [1.0], [1.0])[0] == Status.NEWTON_FAILED
    assert len(few[0].iterates) < 8
    trouble, z = run(many, 3.0, [1.0], [1.0])
    assert trouble == 0
    assert z[0] == pytest.approx(-3 * (1 + z[0]) ** 2)


def test_linear_failure_is_told_apart():
    linear = LinearSettings(kind="minimal_residual", max_iters=1, preconditioner="none")
    made = newton(ROBERTSON, linear=linear)
    assert run(made, 10.0, [1.0, 1e-5, 0.1], [3e7, 1e4])[0] == Status.LINEAR_FAILED


def test_inactive_changes_nothing():
    solver, component = newton(VAN_DER_POL)
    z, y = np.array([0.25, 0.5]), np.array([1.0, 1.0])
    solver.reset(np.bool_(1), component.memory)
    point = Point(T, np.float64(0.1), y, np.array([1.0]))
    trouble = component.solve(np.bool_(0), point, y, z, component.memory)
    assert trouble == 0
    np.testing.assert_array_equal(z, [0.25, 0.5])


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ["backwards_euler", "tr_bdf2", "sdirk4", "kvaerno5", "kencarp4"])
@pytest.mark.parametrize("system", [ROBERTSON, VAN_DER_POL], ids=["robertson", "van der pol"])
def test_full_and_simplified_agree(name, system):
    found = []
    rtol = 1e-4 if name == "backwards_euler" else 1e-6
    for jacobian in ("step", "iteration"):
        newton_settings = NewtonSettings(jacobian=jacobian, tolerance=1e-3, max_iters=20)
        problem = make_problem(system, name, 10.0, rtol=rtol, atol=1e-10, newton=newton_settings)
        found.append(solve(problem, target="python"))
    simplified, full = found
    assert simplified.status.tolist() == full.status.tolist() == [0]
    np.testing.assert_allclose(simplified.variables, full.variables, rtol=10 * rtol)
    assert abs(simplified.steps[0] - full.steps[0]) <= 0.05 * full.steps[0] + 2


@pytest.mark.parametrize("name", ["radau_iia_5", "backward_euler"])
def test_a_correction_too_large_for_a_norm_is_no_reason_to_trust_the_next(name):
    system = make_system({"y": 0.0}, {"y": "1e9*exp(-y/1e8)"})
    solution = solve(make_problem(system, name, 1.0, dt=0.5, atol=1e-12), target="python")
    assert solution.status.tolist() == [Status.NEWTON_FAILED]
