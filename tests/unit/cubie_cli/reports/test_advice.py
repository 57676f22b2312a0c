import pytest

from cubie_cli.reports.advice import advice
from solvers.settings import LinearSettings, SolveSettings
from solvers.status import Status


def told(algorithm, status, failed=50, kind="lu"):
    solve = SolveSettings(algorithm, 0.0, 1.0, (1e-9,), max_steps=2000, linear=LinearSettings(kind))
    return list(advice(solve, {Status.SUCCESS: 100 - failed, status: failed}))


def test_success_needs_no_advice():
    assert told("tsit5", Status.MAX_STEPS, failed=0) == []


def test_many_explicit_runs_without_end_hint_at_stiffness():
    (text,) = told("tsit5", Status.MAX_STEPS, failed=10)
    assert "tsit5" in text
    assert "2,000" in text
    assert "rodas5p" in text
    assert told("tsit5", Status.MAX_STEPS, failed=9) == []


def test_a_stiff_method_is_not_told_of_stiffness():
    assert told("rodas5p", Status.MAX_STEPS) == []


@pytest.mark.parametrize("status", [Status.LINEAR_FAILED, Status.MAX_STEPS])
def test_an_iterative_solver_that_fails_is_told_of_the_direct_one(status):
    (text,) = told("rodas5p", status, kind="bicgstab")
    assert "bicgstab" in text
    assert 'kind = "lu"' in text


def test_a_singular_matrix_and_newton_are_told_apart():
    assert "singular" in told("kvaerno5", Status.LINEAR_FAILED)[0]
    assert "Newton" in told("kvaerno5", Status.NEWTON_FAILED)[0]
