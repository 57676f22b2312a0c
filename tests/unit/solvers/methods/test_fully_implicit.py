"""Coupled stages: their matrix, and first guesses from the step before."""

from dataclasses import replace

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.stiff import ROBERTSON
from support.systems import lorenz, make_system

from solvers.algebra.newton import NewtonSolver
from solvers.errors import PlanError
from solvers.execution.engine import plan
from solvers.settings import LinearSettings, NewtonSettings
from solvers.tableaus import IMPLICIT_TABLEAUS
from solvers.tableaus.fully_implicit import FullyImplicitTableau

METHODS = [name for name, method in IMPLICIT_TABLEAUS.items() if isinstance(method, FullyImplicitTableau)]


@pytest.mark.parametrize("name", METHODS)
def test_stages_satisfy_their_equations(name):
    # On a linear problem a step multiplies with the stability function, here a rational function of a matrix.
    method = IMPLICIT_TABLEAUS[name]
    matrix = np.array([[-3.0, 2.0], [-40.0, -5.0]])
    system = make_system({"x": 1.0, "y": 0.5}, {"x": "-3*x + 2*y", "y": "-40*x - 5*y"})
    for linear in (LinearSettings(), LinearSettings(kind="bicgstab", tolerance=1e-10)):
        problem = make_problem(system, name, 0.3, dt=0.3, rtol=1e-12, atol=1e-13, linear=linear)
        solution = solve(problem, target="python")
        values, vectors = np.linalg.eig(matrix)
        rational = vectors @ np.diag([method.amplification(0.3 * value) for value in values]) @ np.linalg.inv(vectors)
        np.testing.assert_allclose(solution.variables[:, 0, 0], (rational @ [1.0, 0.5]).real, rtol=1e-11)


def corrections(problem, monkeypatch):
    """Return the number of corrections in all."""
    count = 0
    original = vars(NewtonSolver)["_judge"]

    def judge(self, going, *others):
        nonlocal count
        count += 1
        return original(self, going, *others)

    monkeypatch.setattr(NewtonSolver, "_judge", judge)
    solution = solve(problem, target="python")
    monkeypatch.undo()
    return solution, count


def test_the_step_before_gives_the_guess(monkeypatch):
    problem = make_problem(lorenz(), "radau_iia_5", 0.5, dt=0.01)
    guessed, few = corrections(problem, monkeypatch)
    monkeypatch.setattr("solvers.methods.fully_implicit.FullyImplicitStep._continued", lambda *_: [[0.0] * 3] * 3)
    from_zero, many = corrections(problem, monkeypatch)
    np.testing.assert_allclose(guessed.variables, from_zero.variables, rtol=1e-5)
    assert few < many


def test_one_matrix_a_step_is_all_there_is():
    problem = make_problem(lorenz(), "radau_iia_5", 1.0, newton=NewtonSettings(jacobian="iteration"))
    with pytest.raises(PlanError, match="one matrix a step") as caught:
        plan(problem, "cpu")
    assert caught.value.key == "solve.newton.jacobian"
    plan(replace(problem, solve=replace(problem.solve, algorithm="sdirk4")), "cpu")


def test_factors_are_one_real_and_one_complex_system():
    # Robertson's matrix is full but for one column: 9 entries at most, and its complex factors twice as many.
    radau = plan(make_problem(ROBERTSON, "radau_iia_5", 1.0), "cpu").registry
    elements = {f"{row.owner}.{row.name}": row.elements for row in radau.rows()}
    assert elements["filter.factors"] <= 9
    assert elements["linear.factors"] <= 9 + 18 + 1


@pytest.mark.parametrize("name", ["radau_iia_5", "gauss_legendre_4", "lobatto_iiic_4"])
def test_an_error_filter_that_fails_rejects_the_step(name):
    # The filter's matrix I/(h*gamma0) - J is singular for the first step only.
    method = IMPLICIT_TABLEAUS[name]
    growth = 1.0 / (0.25 * method.error_gamma)
    system = make_system({"x": 1.0}, {"x": f"{growth!r}*x"})
    solution = solve(make_problem(system, name, 0.5, dt0=0.25, rtol=1e-5), target="python")
    assert solution.status.tolist() == [0]
    assert solution.rejected[0] > 0
    np.testing.assert_allclose(solution.variables[0, 0, 0], np.exp(growth / 2), rtol=1e-2)
