"""Stiff problems that users bring, against another program or the exact solution."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.stiff import (
    AKZO,
    E5,
    OREGONATOR,
    OSCILLATION,
    VAN_DER_POL,
    diffusion_reaction,
    linear_solution,
    linear_system,
    radau_solution,
)

everywhere = pytest.mark.parametrize("target", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
METHODS = ("rodas5p", "kvaerno5", "radau_iia_5")
#: System, end, atol, and the atol of the other program.
PROBLEMS = {
    "oregonator": (OREGONATOR, 30.0, 1e-10, 1e-12),
    "e5": (E5, 1e7, 1e-22, 1e-24),
    "akzo": (AKZO, 180.0, 1e-12, 1e-14),
    "van der pol": (VAN_DER_POL, 2000.0, 1e-10, 1e-12),
}


@pytest.fixture(scope="module")
def expected():
    """Return a function that solves a problem by other means, once."""
    known = {}

    def solution(name):
        if name not in known:
            system, t1, _, atol = PROBLEMS[name]
            known[name] = radau_solution(system, t1, 1e-12, atol)
        return known[name]

    return solution


@pytest.mark.one_in(9)
@everywhere
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_another_program_agrees(name, method, target, expected):
    system, t1, atol, _ = PROBLEMS[name]
    solution = solve(make_problem(system, method, t1, rtol=1e-9, atol=atol, observables=()), target=target)
    assert solution.status.tolist() == [0]
    np.testing.assert_allclose(solution.variables[:, 0, 0], expected(name), rtol=2e-6)


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize("method", ["rodas5p", "kvaerno5", "radau_iia_5", "gauss_legendre_6"])
def test_stiffness_beside_oscillation(method, target):
    start = (1.0, 0.0, 0.0)
    problem = make_problem(linear_system(OSCILLATION, start), method, 5.0, rtol=1e-8, atol=1e-9)
    solution = solve(problem, target=target)
    assert solution.status.tolist() == [0]
    np.testing.assert_allclose(solution.variables[:, 0, 0], linear_solution(OSCILLATION, start, 5.0), atol=3e-6)


@everywhere
def test_eighty_states(target):
    system = diffusion_reaction(80)
    solution = solve(make_problem(system, "rodas4", 5.0, rtol=1e-8, atol=1e-10), target=target)
    assert solution.status.tolist() == [0]
    expected = radau_solution(system, 5.0, 1e-10, 1e-12)
    np.testing.assert_allclose(solution.variables[:, 0, 0], expected, rtol=1e-6)
