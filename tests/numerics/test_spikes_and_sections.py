"""Balls that bounce, neurons that fire, and sections of an attractor, against closed forms and SciPy."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from support.events import told, with_events
from support.solving import make_problem, solve
from support.systems import make_system

from solvers.status import Status

everywhere = pytest.mark.parametrize("target", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
#: One of each family, whose steps and extensions are exact for a parabola.
BALLISTIC = ("tsit5", "rk4", "rodas5p", "radau_iia_5")


def solved(system, algorithm, t1, values=None, target="cpu", **settings):
    problem = make_problem(system, algorithm, t1, **settings)
    solution = solve(problem, values, target)
    return solution, told(problem, solution)


# -- a ball -------------------------------------------------------------------------------------

G, SLOWEST = 9.81, 0.01
BALL = with_events(
    make_system({"h": 1.0, "v": 0.0}, {"h": "v", "v": f"-{G}"}, {"e": 0.9, "rebound": 1e9, "slowest": 0.0}),
    {
        "name": "bounce",
        "when": "h",
        "direction": "down",
        "set": {"h": 0.0, "v": "-e*v", "rebound": "-e*v"},
        "record": 20,
        "states": ["v"],
    },
    {"name": "rest", "when": "rebound - slowest", "direction": "down", "stop": 1},
)


def bounces(e, count=20):
    """Return when a ball from height 1 bounces, and the speeds that it leaves with."""
    fall, impact = np.sqrt(2 / G), np.sqrt(2 * G)
    k = np.arange(count)
    return fall * (1 + 2 * np.cumsum(np.where(k > 0, e**k, 0.0))), impact * e ** (k + 1.0)


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize("algorithm", BALLISTIC)
@pytest.mark.parametrize("adaptive", [True, False])
def test_a_ball_bounces_twenty_times(algorithm, adaptive, target):
    if adaptive and algorithm == "rk4":
        pytest.skip("takes fixed steps only")
    if adaptive != (BALLISTIC.index(algorithm) % 2 == 0):
        pytest.skip("compiled by turns")
    damping = np.array([0.9, 0.95, 0.85])
    settings = {"rtol": 1e-10, "atol": 1e-12} if adaptive else {"dt": 0.05}
    solution, found = solved(BALL, algorithm, 15.0, [damping], target, swept=("e",), **settings)
    assert (solution.status[damping > 0.86] == Status.SUCCESS).all()
    for run, e in enumerate(damping):
        times, speeds = bounces(e)
        inside = times < 15.0
        np.testing.assert_allclose(found["bounce_time"][inside, run], times[inside], rtol=0, atol=1e-9)
        np.testing.assert_allclose(found["bounce_v"][inside, run], speeds[inside], rtol=0, atol=1e-8)


@pytest.mark.one_in(2)
@everywhere
@pytest.mark.parametrize("rtol", [1e-4, 1e-8])
def test_bounces_are_found_in_steps_that_are_longer_than_they(rtol, target):
    # A straight line through the samples at both ends of a flight's first half points at its top.
    damping = np.linspace(0.8, 0.95, 23)
    _, found = solved(BALL, "tsit5", 4.0, [damping], target, swept=("e",), rtol=rtol, atol=rtol / 100)
    for run, e in enumerate(damping):
        times, _ = bounces(e)
        assert found["bounce_count"][run] == (times < 4.0).sum()
        np.testing.assert_allclose(found["bounce_time"][:5, run], times[:5], rtol=1e-6)


@everywhere
def test_a_ball_that_rests_ends_its_run(target):
    damping = np.linspace(0.1, 0.6, 23)
    values = [damping, np.full(len(damping), SLOWEST)]
    solution, found = solved(BALL, "tsit5", 9.0, values, target, swept=("e", "slowest"), rtol=1e-9, atol=1e-12)
    assert (solution.status == Status.STOPPED).all()
    for run, e in enumerate(damping):
        times, speeds = bounces(e, 40)
        last = int(np.argmax(speeds < SLOWEST))
        assert found["bounce_count"][run] == last + 1
        assert found["rest_count"][run] == 1
        np.testing.assert_allclose(found["t_end"][run], times[last], rtol=1e-9)
    np.testing.assert_allclose(solution.variables[0, 0], 0.0, atol=1e-12)


@pytest.mark.one_in(2)
@everywhere
@pytest.mark.parametrize("algorithm", ["tsit5", "rodas4"])
def test_a_ball_in_single_precision(algorithm, target):
    settings = {"rtol": 1e-5, "atol": 1e-6, "precision": "float32"}
    _, found = solved(BALL, algorithm, 4.0, [[0.9]], target, swept=("e",), **settings)
    times, speeds = bounces(0.9)
    inside = times < 3.9
    np.testing.assert_allclose(found["bounce_time"][inside, 0], times[inside], rtol=0, atol=1e-4)
    np.testing.assert_allclose(found["bounce_v"][inside, 0], speeds[inside], rtol=0, atol=1e-3)


# -- neurons ------------------------------------------------------------------------------------

LEAKY = with_events(
    make_system({"v": 0.0}, {"v": "current - v"}, {"current": 2.0}),
    {"name": "spike", "when": "v - 1", "direction": "up", "set": {"v": 0.0}, "record": 1000},
)


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize("algorithm", ["tsit5", "vern9", "rodas5p", "radau_iia_9"])
def test_a_leaky_neuron_fires_a_thousand_times(algorithm, target):
    currents = np.array([2.0, 3.5, 7.0])
    periods = np.log(currents / (currents - 1))
    spikes = 1000
    t1 = float((spikes + 0.5) * periods.max())
    settings = {"swept": ("current",), "rtol": 1e-12, "atol": 1e-12}
    solution, found = solved(LEAKY, algorithm, t1, [currents], target, **settings)
    assert (solution.status == Status.SUCCESS).all()
    assert found["spike_count"].tolist() == np.floor(t1 / periods).tolist()
    exact = np.arange(1, spikes + 1)[:, None] * periods
    np.testing.assert_allclose(found["spike_time"][:spikes], exact, rtol=0, atol=1e-8)


IZHIKEVICH = with_events(
    make_system(
        {"v": -65.0, "u": -13.0},
        {"v": "0.04*v**2 + 5*v + 140 - u + 10", "u": "0.02*(0.2*v - u)"},
        {"c": -65.0, "d": 8.0},
    ),
    {"name": "spike", "when": "v - 30", "direction": "up", "set": {"v": "c", "u": "u + d"}, "record": 60},
)


def izhikevich(c, d, t1):
    """Return the times of spikes, by SciPy, started anew after each."""

    def slope(_, y):
        v, u = y
        return [0.04 * v**2 + 5 * v + 140 - u + 10, 0.02 * (0.2 * v - u)]

    def peak(_, y):
        return y[0] - 30

    peak.terminal, peak.direction = True, 1
    t, y, found = 0.0, [-65.0, -13.0], []
    while True:
        part = solve_ivp(slope, (t, t1), y, method="DOP853", rtol=1e-12, atol=1e-12, events=peak)
        if part.status != 1:
            return np.array(found)
        t, (_, u) = part.t_events[0][0], part.y_events[0][0]
        found.append(t)
        y = [c, u + d]


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize(("algorithm", "rtol"), [("tsit5", 1e-10), ("vern7", 1e-10), ("rodas5p", 1e-9)])
def test_izhikevich_neurons_fire_where_they_should(algorithm, rtol, target):
    kinds = [(-65.0, 8.0), (-50.0, 2.0), (-55.0, 4.0), (-65.0, 2.0)]
    t1 = 200.0
    settings = {"swept": ("c", "d"), "rtol": rtol, "atol": rtol}
    solution, found = solved(IZHIKEVICH, algorithm, t1, np.transpose(kinds), target, **settings)
    assert (solution.status == Status.SUCCESS).all()
    for run, (c, d) in enumerate(kinds):
        exact = izhikevich(c, d, t1)
        assert found["spike_count"][run] == len(exact) > 2
        np.testing.assert_allclose(found["spike_time"][: len(exact), run], exact, rtol=0, atol=1e-5)


# -- a Poincare section -------------------------------------------------------------------------

ROESSLER = with_events(
    make_system({"x": 1.0, "y": -4.0, "z": 0.1}, {"x": "-y - z", "y": "x + 0.2*y", "z": "0.2 + z*(x - c)"}, {"c": 5.7}),
    {"name": "section", "when": "y", "direction": "up", "record": 12, "states": ["x", "z"]},
)


def roessler_section(c, t1):
    """Return times, x and z of upward crossings of y = 0, on SciPy's dense output."""

    def slope(_, s):
        x, y, z = s
        return [-y - z, x + 0.2 * y, 0.2 + z * (x - c)]

    dense = solve_ivp(slope, (0, t1), [1.0, -4.0, 0.1], method="DOP853", rtol=1e-12, atol=1e-12, dense_output=True).sol
    grid = np.linspace(0, t1, 4001)
    y = dense(grid)[1]
    ups = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    times = np.array([brentq(lambda t: dense(t)[1], grid[i], grid[i + 1], xtol=1e-13) for i in ups])
    return times, *dense(times)[[0, 2]]


@pytest.mark.one_in(3)
@everywhere
@pytest.mark.parametrize("algorithm", ["tsit5", "rodas5p"])
def test_a_section_of_the_roessler_attractor(algorithm, target):
    speeds = [5.7, 4.0]
    t1 = 60.0
    settings = {"swept": ("c",), "rtol": 1e-11, "atol": 1e-11}
    _, found = solved(ROESSLER, algorithm, t1, [speeds], target, **settings)
    for run, c in enumerate(speeds):
        times, x, z = roessler_section(c, t1)
        count = len(times)
        assert found["section_count"][run] == count > 2
        np.testing.assert_allclose(found["section_time"][:count, run], times, rtol=0, atol=1e-6)
        np.testing.assert_allclose(found["section_x"][:count, run], x, rtol=0, atol=1e-5)
        np.testing.assert_allclose(found["section_z"][:count, run], z, rtol=0, atol=1e-5)
