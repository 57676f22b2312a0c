"""Matrix-free and direct solution of the linear systems agree, and where iteration cannot converge it says so."""

import numpy as np
import pytest
from support.cases import STIFF, case_points, case_system
from support.solving import make_problem, solve
from support.stiff import brusselator

from solvers.settings import LinearSettings
from solvers.status import Status

CPU = pytest.mark.parametrize("target", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
PYTHON = pytest.mark.parametrize("target", ["python", pytest.param("cuda", marks=pytest.mark.gpu)])
KINDS = ("minimal_residual", "bicgstab")
SMALL = brusselator(3)


def assert_agree(iterated, direct, rtol=1e-7):
    assert iterated.status.tolist() == direct.status.tolist() == [Status.SUCCESS]
    np.testing.assert_allclose(iterated.variables, direct.variables, rtol=rtol, atol=1e-12)
    np.testing.assert_allclose(iterated.steps, direct.steps, rtol=0.05, atol=1)


@pytest.mark.one_in(4)
@PYTHON
@pytest.mark.parametrize("preconditioner", ["none", "jacobi", "neumann"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["rodas4", "kvaerno3", "radau_iia_3"])
def test_diffusion_and_reaction(method, kind, preconditioner, target):
    # Newton's method ends within parts of the tolerance, whose error the end value shows.
    settings = {"rtol": 1e-7, "atol": 1e-8} if method == "rodas4" else {"rtol": 1e-8, "atol": 1e-9}
    end = 0.5 if method == "rodas4" else 0.1
    linear = LinearSettings(kind=kind, preconditioner=preconditioner)
    direct = solve(make_problem(SMALL, method, end, **settings), target=target)
    iterated = solve(make_problem(SMALL, method, end, linear=linear, **settings), target=target)
    assert_agree(iterated, direct)


def solved(name, method, target, linear=None, **settings):
    """Return the solution of a stiff reference case."""
    case = STIFF[name]
    chosen = {"linear": linear} if linear else {}
    problem = make_problem(case_system(case), method, case["t_end"], observables=(), **settings, **chosen)
    return solve(problem, target=target)


@pytest.mark.thorough
@CPU
def test_brusselator_of_forty_states(target):
    settings = {"rtol": 1e-6, "atol": 1e-9}
    linear = LinearSettings(kind="bicgstab", preconditioner="neumann")
    direct = solved("brusselator1d_n20", "ros34pw2", target, **settings)
    assert_agree(solved("brusselator1d_n20", "ros34pw2", target, linear, **settings), direct)


@CPU
def test_hires_with_rosenbrock_steps(target):
    settings = {"rtol": 1e-7, "atol": 1e-12}
    direct = solved("hires", "rodas4", target, **settings)
    for kind in KINDS:
        linear = LinearSettings(kind=kind, preconditioner="jacobi")
        assert_agree(solved("hires", "rodas4", target, linear, **settings), direct)


@CPU
def test_hires_with_newton_steps(target):
    # Hires amplifies errors before its end about a hundredfold, so end values are compared with the reference.
    _, reference = case_points(STIFF["hires"])
    settings = {"rtol": 1e-7, "atol": 1e-14}
    direct = solved("hires", "kvaerno3", target, **settings)
    for kind in KINDS:
        linear = LinearSettings(kind=kind, preconditioner="jacobi")
        iterated = solved("hires", "kvaerno3", target, linear, **settings)
        assert iterated.status.tolist() == [Status.SUCCESS]
        np.testing.assert_allclose(iterated.steps, direct.steps, rtol=0.05)
        np.testing.assert_allclose(iterated.variables[:, 0, 0], reference[:, -1], rtol=5e-6)


@CPU
def test_iteration_that_does_not_converge_ends_with_its_status(target):
    # Rates of pollution differ by 1e10, and the preconditioner expands in what is not small.
    linear = LinearSettings(kind="minimal_residual", preconditioner="neumann")
    settings = {"rtol": 1e-6, "atol": 1e-14, "max_steps": 2000, "dt_min": 1e-3}
    solution = solved("pollution", "ros34pw2", target, linear, **settings)
    assert solution.status.tolist() == [Status.LINEAR_FAILED]
    assert solution.steps[0] + solution.rejected[0] < 2000
    assert np.isnan(solution.variables).all()
