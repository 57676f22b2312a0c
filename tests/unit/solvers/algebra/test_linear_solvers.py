"""Linear solvers on the python target: where they stop, and what they leave."""

import numpy as np
import pytest
from support.components import hosted, stage_matrix
from support.systems import make_system

from solvers.algebra.linear_solvers import DirectSolver, make_linear_solver
from solvers.algebra.point import Point
from solvers.settings import LinearSettings

N = 6
KINDS = ("minimal_residual", "steepest_descent", "bicgstab")
#: Diffusion along a chain: symmetric, so that steepest descent converges too.
NAMES = [f"x{i}" for i in range(N)]
CHAIN = make_system(
    dict.fromkeys(NAMES, 1.0),
    {
        name: f"{left}-2*{name}{right}"
        for name, left, right in zip(
            NAMES, ["", *(f"{each} " for each in NAMES[:-1])], [*(f" + {each}" for each in NAMES[1:]), ""], strict=True
        )
    },
)
T, P = np.float64(0.0), np.zeros(0)
Y = np.linspace(0.5, 2.0, N)
B = np.array([1.0, -2.0, 0.5, 3.0, -1.0, 0.1])


def matrix(h, gamma=0.5):
    chain = np.diag([-2.0] * N) + np.diag([1.0] * (N - 1), 1) + np.diag([1.0] * (N - 1), -1)
    return np.eye(N) / (h * gamma) - chain


def size(residual):
    """Return the RMS norm over the tolerances of `stage_matrix`."""
    return np.sqrt(np.mean((residual / (1e-9 + 1e-6 * np.abs(Y))) ** 2))


def run(solver, h, b=B, *, active=True):
    """Return whether a solver succeeds, x, what is left in b, and the sizes of residuals of iterates."""
    sizes = []
    original = solver.iterate

    def iterate(going, point, r, x, memory, state):
        state = original(going, point, r, x, memory, state)
        sizes.append(float(size(b - matrix(h) @ x)))
        return state

    solver.iterate = iterate
    component = hosted(solver)
    h, b_left, x = np.float64(h), b.copy(), np.full(N, np.nan)
    with np.errstate(all="ignore"):
        solver.prepare(Point(T, h, Y, P), component.memory)
        sound = component.solve(np.bool_(active), Point(T, h, Y, P), b_left, x, component.memory)
    return bool(sound), x, b_left, sizes


def make(kind, **settings):
    limits = settings.pop("tolerance", 1e-3), settings.pop("max_iters", 100)
    return make_linear_solver(stage_matrix(CHAIN, 0.5), LinearSettings(kind=kind, **settings), *limits)


@pytest.mark.parametrize("preconditioner", ["none", "jacobi", "neumann"])
@pytest.mark.parametrize("tolerance", [1e-1, 1e-3, 1e-8])
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_residual_below_the_tolerance_ends_it(kind, tolerance, preconditioner):
    sound, x, left, sizes = run(make(kind, preconditioner=preconditioner, tolerance=tolerance), 0.4)
    assert sound
    reductions = np.array(sizes) / size(B)
    assert reductions[-1] <= tolerance * (1 + 1e-4)
    assert (reductions[:-1] > tolerance * (1 - 1e-4)).all()
    # What is left of b is the residual.
    np.testing.assert_allclose(left, B - matrix(0.4) @ x, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_of_iterations_is_kept_and_told(kind):
    sound, _, _, sizes = run(make(kind, tolerance=1e-14, max_iters=3), 10.0)
    assert not sound
    assert len(sizes) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_solve_takes_no_iteration(kind):
    sound, x, _, sizes = run(make(kind), 0.4, np.zeros(N))
    assert sound
    assert not sizes
    np.testing.assert_array_equal(x, 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_inactive_takes_no_iteration(kind):
    _, _, _, sizes = run(make(kind), 0.4, active=False)
    assert not sizes


@pytest.mark.parametrize("kind", KINDS)
def test_no_number_is_no_solution(kind):
    sound, _, _, sizes = run(make(kind), 0.4, np.array([np.nan, *B[1:]]))
    assert not sound
    assert not sizes


@pytest.mark.parametrize("kind", KINDS)
def test_preconditioners_save_iterations(kind):
    # Rates from 1 to 1000: the diagonal is what makes the matrix stiff.
    names = NAMES[:4]
    rates = dict(zip(names, (1.0, 10.0, 100.0, 1000.0), strict=True))
    system = make_system(dict.fromkeys(names, 1.0), {name: f"-{rate}*{name} + x0/7" for name, rate in rates.items()})
    counts = {}
    for preconditioner in ("none", "jacobi"):
        settings = LinearSettings(kind=kind, preconditioner=preconditioner)
        solver = make_linear_solver(stage_matrix(system, 0.5), settings, 1e-6, 5000)
        count = 0
        original = solver.iterate

        def iterate(*arguments, original=original):
            nonlocal count
            count += 1
            return original(*arguments)

        solver.iterate = iterate
        component = hosted(solver)
        point, x = Point(T, np.float64(1.0), np.ones(4), P), np.empty(4)
        solver.prepare(point, component.memory)
        assert component.solve(np.bool_(1), point, np.ones(4), x, component.memory)
        counts[preconditioner] = count
    assert counts["jacobi"] < counts["none"]


def test_direct_solver():
    solver = make_linear_solver(stage_matrix(CHAIN, 0.5), LinearSettings(), 1e-3, 100)
    assert isinstance(solver, DirectSolver)
    component = hosted(solver)
    point, x = Point(T, np.float64(0.4), Y, P), np.empty(N)
    assert solver.prepare(point, component.memory)
    assert component.solve(np.bool_(1), point, B, x, component.memory)
    np.testing.assert_allclose(x, np.linalg.solve(matrix(0.4), B), rtol=1e-13)


def test_direct_solver_tells_a_vanishing_pivot():
    system = make_system({"x": 1.0}, {"x": "4*x"})
    solver = make_linear_solver(stage_matrix(system, 1.0), LinearSettings(), 1e-3, 100)
    component = hosted(solver)
    with np.errstate(all="ignore"):
        assert not solver.prepare(Point(T, np.float64(0.25), np.ones(1), P), component.memory)
        assert solver.prepare(Point(T, np.float64(0.2), np.ones(1), P), component.memory)
