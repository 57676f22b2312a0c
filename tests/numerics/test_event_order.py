"""Every method starts anew after an event, and finds crossings to the order of its continuous extension."""

import numpy as np
import pytest
from support.events import told, with_events
from support.solving import make_problem, solve
from support.systems import make_system

from solvers.errors import PlanError
from solvers.execution import engine
from solvers.status import Status
from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS

METHODS = {**TABLEAUS, **IMPLICIT_TABLEAUS}
EXTENDED = [name for name, method in METHODS.items() if method.dense_output is not None]
ADAPTIVE = [name for name in EXTENDED if METHODS[name].error_order is not None]

#: Every sixth is tried, as methods of a family differ by numbers alone.
DOSE = 0.4
LEVELS = np.array([1.07, 1.18, 1.31, 1.45])
#: A decay with a dose, after which it falls through a level.
SYSTEM = with_events(
    make_system({"x": 1.0}, {"x": "-x"}, {"level": 1.0}),
    {"name": "dose", "at": DOSE, "set": {"x": "x + 1"}},
    {"name": "low", "when": "x - level", "direction": "down", "record": 2, "set": {"x": "x - 0.5"}},
)
EXACT = DOSE + np.log((np.exp(-DOSE) + 1) / LEVELS)
T1 = 1.0


def errors(algorithm, **settings):
    """Return errors of the moment, and of the state at the end, root mean squares over the levels."""
    problem = make_problem(SYSTEM, algorithm, T1, swept=("level",), **settings)
    solution = solve(problem, [LEVELS], "python")
    found = told(problem, solution)
    assert (solution.status == Status.SUCCESS).all()
    assert found["dose_count"].tolist() == found["low_count"].tolist() == [1] * len(LEVELS)
    ends = (LEVELS - 0.5) * np.exp(-(T1 - EXACT))
    gaps = found["low_time"][0] - EXACT, solution.variables[0, -1] - ends
    return [float(np.sqrt((gap**2).mean())) for gap in gaps]


@pytest.mark.parametrize("algorithm", EXTENDED[::6])
def test_fixed_steps_have_the_order_of_the_method_or_its_extension(algorithm):
    method = METHODS[algorithm]
    order = min(method.order, method.dense_output.order + 1)
    dt = 0.25 if order > 4 else 0.125
    coarse, fine = (errors(algorithm, dt=step) for step in (dt, dt / 2))
    for before, after in zip(coarse, fine, strict=True):
        assert after <= max(1e-10, 2.0 ** (0.8 - order) * before)
        assert after < 0.03


@pytest.mark.parametrize("algorithm", ADAPTIVE[1::6])
def test_adaptive_steps_meet_the_tolerance(algorithm):
    rtol = 1e-7 if METHODS[algorithm].order >= 4 else 1e-4
    at_moment, at_end = errors(algorithm, rtol=rtol, atol=rtol)
    assert at_moment <= 100 * rtol
    assert at_end <= 100 * rtol


def test_a_method_without_an_extension_is_refused_with_a_remedy():
    problem = make_problem(SYSTEM, "cash_karp54", T1)
    with pytest.raises(PlanError, match="no continuous extension") as caught:
        engine.plan(problem, "python")
    assert caught.value.key == "solve.algorithm"
    assert "tsit5" in str(caught.value.hint)


#: A heater that is switched at one temperature, and a point that is turned back at one place or at two near each other.
HEATER = make_system({"x": 15.0}, {"x": "2*on - 0.1*(x - 10)"}, {"on": 1.0})
POINT = make_system({"x": 15.0}, {"x": "on"}, {"on": 1.0})
RELAYS = {
    "a heater": (HEATER, 20.0, 20.0, 0.0),
    "a point": (POINT, 20.0, 20.0, -1.0),
    "levels nearer than any bracket": (POINT, 20.0 + 2.0**-46, 20.0, -1.0),
    "levels a little apart": (POINT, 20.0 + 1e-9, 20.0, -1.0),
}
FEW_METHODS = ["tsit5", "vern7", "rodas5p", "radau_iia_5"]


@pytest.mark.one_in(8)
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("algorithm", FEW_METHODS)
@pytest.mark.parametrize("relay", RELAYS)
def test_a_relay_without_a_band_never_stops_switching(relay, algorithm, precision):
    system, upper, lower, back = RELAYS[relay]
    system = with_events(
        system,
        {"name": "off", "when": f"x - {upper!r}", "direction": "up", "set": {"on": back}},
        {"name": "on_again", "when": f"x - {lower!r}", "direction": "down", "set": {"on": 1.0}},
    )
    problem = make_problem(system, algorithm, 30.0, rtol=1e-5, atol=1e-7, precision=precision, max_events=60)
    solution = solve(problem, target="python")
    assert solution.status.tolist() == [Status.TOO_MANY_EVENTS]
    found = told(problem, solution)
    assert found["off_count"].tolist() == [31]
    assert found["on_again_count"].tolist() == [30]


@pytest.mark.one_in(7)
@pytest.mark.parametrize("algorithm", ["tsit5", "rodas5p", "vern7"])
@pytest.mark.parametrize("change", [{"n": "n + 1"}, {"q": "q/2"}])
def test_a_crossing_fires_once_whatever_rounding_makes_of_its_moment(algorithm, change):
    system = make_system({"x": 0.2, "n": 0.0}, {"x": "q", "n": "0*x"}, {"q": 3.0})
    event = {"name": "crossed", "when": "x - 5", "direction": "up", "set": change}
    problem = make_problem(with_events(system, event), algorithm, 10.0, rtol=1e-6, swept=("x",))
    found = told(problem, solve(problem, np.linspace(0.0, 4.0, 500)[None]))
    assert set(found["crossed_count"]) == {1}
