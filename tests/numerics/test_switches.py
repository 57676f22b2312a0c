"""Pulses of any width, period and start: every method meets their edges."""

import numpy as np
import pytest
from support.events import with_events
from support.solving import make_problem, solve
from support.systems import make_system
from support.waves import SWEPT, square_wave, square_wave_solution

from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS

METHODS = {**TABLEAUS, **IMPLICIT_TABLEAUS}
ADAPTIVE = [name for name, method in METHODS.items() if method.error_order is not None]
T1 = 4.0
TIMES = np.array([0.3, 1.0, 1.7, 2.9, T1])
RUN = [[0.83], [0.007], [0.11]]


def solved(algorithm, **settings):
    problem = make_problem(square_wave(), algorithm, T1, swept=SWEPT, observables=(), **settings)
    solution = solve(problem, RUN, "python")
    assert not solution.status.any()
    return solution


def error(solution):
    exact = square_wave_solution(TIMES, *np.ravel(RUN))
    return np.abs(solution.variables[0, :, 0] - exact).max()


@pytest.mark.parametrize("algorithm", ADAPTIVE)
def test_adaptive_steps_meet_the_tolerance(algorithm):
    order = METHODS[algorithm].order
    rtol = 1e-7 if order >= 4 else 1e-4
    # The many steps of a method of order 1 add up.
    assert error(solved(algorithm, at=TIMES, rtol=rtol, atol=rtol)) <= (10 if order > 1 else 30) * rtol


@pytest.mark.one_in(3)
@pytest.mark.parametrize("algorithm", METHODS)
def test_fixed_steps_keep_the_order(algorithm):
    order = METHODS[algorithm].order
    dt = 0.4 if order >= 4 else 0.05
    coarse, fine = (solved(algorithm, dt=step).variables[0, -1, 0] for step in (dt, dt / 2))
    exact = square_wave_solution(TIMES, *np.ravel(RUN))[-1]
    assert abs(fine - exact) <= max(1e-12, 2.0 ** (1.3 - order) * abs(coarse - exact))
    assert abs(fine - exact) <= 1e-3


def test_steps_between_pulses_are_not_many():
    counted = solved("rodas5p", rtol=1e-6, atol=1e-6)
    assert counted.steps[0] < 120


@pytest.mark.parametrize("events", [[], [{"name": "never", "when": "x - 9"}]], ids=["no events", "events"])
def test_at_the_end_of_a_run_an_observable_has_the_value_from_then_on(events):
    late, up = "Piecewise((1, t > s), (0, True))", "ceil(t/s)"
    system = make_system({"x": 0.0}, {"x": "1"}, {"s": 1.0}, {"late": late, "up": up})
    for times in ([0.5, 1.0], [0.5, 1.0, 2.0]):
        problem = make_problem(with_events(system, *events), "tsit5", times[-1], at=times, swept=("s",))
        _, *found = solve(problem, [[1.0]], "python").variables[:, :, 0]
        np.testing.assert_array_equal(found, np.array([[0, 1, 1], [1, 2, 3]])[:, : len(times)])


def test_a_limit_in_time_that_an_event_sets_anew_counts_from_that_moment():
    system = make_system(
        {"seen": 0.0},
        {"seen": "0"},
        {"begun": 0.0, "limit": 1.0},
        {"late": "Piecewise((1, t - begun >= limit), (0, True))"},
    )
    renewing = {"name": "renewing", "at": 3.0, "set": {"begun": "t"}}
    following = {"name": "following", "when": "1 - 2*late", "direction": "up", "set": {"seen": "t"}}
    problem = make_problem(
        with_events(system, renewing, following), "tsit5", 10.0, at=[2.0, 3.0, 3.5, 4.5], swept=("limit",)
    )
    seen, late = solve(problem, [[1.0]], "python").variables[:, :, 0]
    np.testing.assert_array_equal(seen, [0.0, 3.0, 3.0, 3.0])
    np.testing.assert_array_equal(late, [1.0, 0.0, 0.0, 1.0])
