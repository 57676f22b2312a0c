"""Drivers with every method: as accurate as without, whatever rows they have."""

import numpy as np
import pytest
from support.events import told, with_events
from support.forced import DOSE, LINE, WAVE, forced, forced_solution
from support.solving import make_problem, solve
from support.systems import make_system

from solvers.equations.drivers import Driver
from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS

METHODS = {**TABLEAUS, **IMPLICIT_TABLEAUS}
ADAPTIVE = [name for name, method in METHODS.items() if method.error_order is not None]
#: The third stage of kvaerno5 lies beyond the end of its step, and sees what comes behind a corner.
INSIDE = [name for name in METHODS if name != "kvaerno5"]
#: Every sixth method is tried, as those of a family differ by numbers alone.
DRIVERS = (LINE, WAVE, DOSE)
T1 = 3.5
TIMES = np.array([0.3, 1.0, 1.7, 2.9, T1])
RUN = [[1.3], [1.0]]


def solved(algorithm, drivers=DRIVERS, **settings):
    problem = make_problem(forced(drivers), algorithm, T1, swept=("k", "level"), observables=(), **settings)
    solution = solve(problem, RUN, "python")
    assert not solution.status.any()
    return solution


def error(solution, drivers=DRIVERS):
    exact = forced_solution(drivers, TIMES, *np.ravel(RUN))
    return (np.abs(solution.variables[0, :, 0] - exact) / (1.0 + np.abs(exact))).max()


@pytest.mark.parametrize("algorithm", ADAPTIVE[::6])
def test_adaptive_steps_meet_the_tolerance(algorithm):
    order = METHODS[algorithm].order
    rtol = 1e-7 if order >= 4 else 1e-4
    # The many steps of a method of order 1 add up.
    assert error(solved(algorithm, at=TIMES, rtol=rtol, atol=rtol)) <= (10 if order > 1 else 30) * rtol


@pytest.mark.parametrize("algorithm", INSIDE[1::6])
def test_fixed_steps_keep_the_order(algorithm):
    """Steps end at jumps and at corners, so halving them is all that changes."""
    order = METHODS[algorithm].order
    dt = 0.25 if order >= 4 else 0.05
    coarse, fine = (solved(algorithm, [LINE, DOSE], dt=step).variables[0, -1, 0] for step in (dt, dt / 2))
    exact = forced_solution([LINE, DOSE], TIMES, *np.ravel(RUN))[-1]
    assert abs(fine - exact) <= max(1e-12, 2.0 ** (1.4 - order) * abs(coarse - exact))
    assert abs(fine - exact) <= 0.02


@pytest.mark.one_in(3)
@pytest.mark.parametrize("algorithm", ["bogacki_shampine32", "tsit5", "rodas5p", "radau_iia_5"])
@pytest.mark.parametrize("count", [301, 3001])
def test_a_single_row_is_not_stepped_over(algorithm, count):
    times, values = np.linspace(0.0, 3.0, count), np.zeros(count)
    values[count // 2] = 100.0
    driver = Driver("u", times, values)
    rtol = 1e-5 if algorithm != "bogacki_shampine32" else 1e-3
    found = solved(algorithm, [driver], at=TIMES, rtol=rtol, atol=rtol)
    assert error(found, [driver]) <= 10 * rtol


@pytest.mark.parametrize("algorithm", ["tsit5", "rodas5p"])
def test_a_smooth_table_takes_the_steps_of_its_formula(algorithm):
    times = np.linspace(0.0, T1, 1001)
    settings = {"at": TIMES, "rtol": 1e-6, "atol": 1e-6}
    table = solved(algorithm, [Driver("u", times, np.sin(3.0 * times), "cubic")], **settings)
    formula = make_system({"x": 0.5}, {"x": "level*sin(3*t) - k*x"}, {"k": 1.0, "level": 1.0})
    plain = make_problem(formula, algorithm, T1, swept=("k", "level"), **settings)
    assert table.steps[0] <= 1.2 * solve(plain, RUN, "python").steps[0]


@pytest.mark.parametrize("algorithm", ["rodas5p", "rosenbrock23"])
def test_rosenbrock_methods_know_how_drivers_move(algorithm):
    """Without the derivative with respect to time the order is 1."""
    times = np.linspace(0.0, T1, 36)
    driver = Driver("u", times, np.cos(times), "cubic")
    dts = (0.1, 0.05)
    exact = forced_solution([driver], TIMES, *np.ravel(RUN))[-1]
    coarse, fine = (abs(solved(algorithm, [driver], dt=dt).variables[0, -1, 0] - exact) for dt in dts)
    assert fine <= max(1e-12, 2.0 ** (1.3 - METHODS[algorithm].order) * coarse)


@pytest.mark.parametrize(
    ("driver", "level", "times"),
    [
        (LINE, 0.375, [0.9 - 0.65 * 1.375 / 3.0, 1.0 + 0.6 * 0.75, 1.65 + 0.75 * 0.75, 2.4 + 0.7 * 0.375]),
        (DOSE, 2.0, [1.0, 1.1, 1.75, 2.5]),
    ],
    ids=["line", "dose"],
)
@pytest.mark.parametrize("algorithm", ["tsit5", "rodas5p"])
def test_events_look_at_drivers(algorithm, driver, level, times):
    """On the way between rows, and at jumps."""
    system = with_events(forced([driver]), {"name": "cross", "when": f"total - {level}", "record": 4})
    problem = make_problem(system, algorithm, T1, swept=("k", "level"), rtol=1e-6, atol=1e-6)
    found = told(problem, solve(problem, RUN, "python"))
    assert found["cross_count"].tolist() == [4]
    np.testing.assert_allclose(found["cross_time"][:, 0], times, rtol=0, atol=1e-9)
