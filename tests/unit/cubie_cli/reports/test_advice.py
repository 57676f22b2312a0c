import pytest

from cubie_cli.reports.advice import advice
from solvers.settings import LinearSettings, SolveSettings
from solvers.status import Status


def told(algorithm, status, failed=50, kind="lu"):
    solve = SolveSettings(algorithm, 0.0, 1.0, (1e-9,), max_steps=2000, linear=LinearSettings(kind))
    return list(advice(solve, {Status.SUCCESS: 100 - failed, status: failed}))


def test_success_needs_no_advice():
    assert told("tsit5", Status.MAX_STEPS, failed=0) == []
    assert told("tsit5", Status.STOPPED, failed=100) == []


def test_events_without_end_hint_at_chattering():
    (text,) = told("tsit5", Status.TOO_MANY_EVENTS)
    assert "max_events = 100,000" in text
    assert "chatters" in text


def test_many_explicit_runs_without_end_hint_at_stiffness():
    (text,) = told("tsit5", Status.MAX_STEPS, failed=10)
    assert "tsit5" in text
    assert "2,000" in text
    assert "rodas5p" in text


def test_a_few_of_many_runs_are_counted():
    (text,) = told("tsit5", Status.MAX_STEPS, failed=9)
    assert text == f"9 of 100 runs ended with max_steps: {told('tsit5', Status.MAX_STEPS, failed=10)[0]}"
    assert len(told("tsit5", Status.NONFINITE, failed=1)) == 1


def test_a_stiff_method_is_not_told_of_stiffness():
    (text,) = told("rodas5p", Status.MAX_STEPS)
    assert "stiff" not in text
    assert "max_steps = 2,000" in text


@pytest.mark.parametrize("settings", [{}, {"dt": 0.1}, {"precision": "float32"}, {"dt_min": 1e-3}])
@pytest.mark.parametrize("algorithm", ["tsit5", "kvaerno5"])
@pytest.mark.parametrize("status", [status for status in Status if status > 0 and not status.succeeded])
def test_every_failure_has_advice(status, algorithm, settings):
    solve = SolveSettings(algorithm, 0.0, 1.0, (1e-9,), **settings)
    (text,) = advice(solve, {status: 1})
    assert text


def test_steps_that_are_too_small_are_told_of_their_limit():
    solve = SolveSettings("tsit5", 0.0, 1.0, (1e-9,), rtol=1e-13, dt_min=1e-3)
    (text,) = advice(solve, {Status.STEP_TOO_SMALL: 1})
    assert "dt_min = 0.001" in text
    assert "rtol, now 1e-13" in text


def test_fixed_steps_are_not_told_of_shorter_ones():
    assert "fixed step of 0.5" in next(
        advice(SolveSettings("kvaerno5", 0.0, 1.0, (1e-9,), dt=0.5), {Status.NEWTON_FAILED: 1})
    )


@pytest.mark.parametrize("status", [Status.LINEAR_FAILED, Status.MAX_STEPS])
def test_an_iterative_solver_that_fails_is_told_of_the_direct_one(status):
    (text,) = told("rodas5p", status, kind="bicgstab")
    assert "bicgstab" in text
    assert 'kind = "lu"' in text


def test_a_singular_matrix_and_newton_are_told_apart():
    assert "singular" in told("kvaerno5", Status.LINEAR_FAILED)[0]
    assert "Newton" in told("kvaerno5", Status.NEWTON_FAILED)[0]
