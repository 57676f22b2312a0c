"""Events that fire: which crossings are found by a formula."""

import pytest
from support.events import with_events
from support.systems import make_system

from solvers.equations.right_hand_side import RightHandSide
from solvers.integration.firings import Firings


def firings(when, states=2):
    names = [f"x{index}" for index in range(states)]
    system = make_system(dict.fromkeys(names, 1.0), dict.fromkeys(names, "0"), {"k": 1.0, "m": 2.0})
    rhs = RightHandSide(with_events(system, {"name": "e", "when": when, "stop": True}), "float64")
    return Firings(rhs, float, 1.0, 10, None, (), quartic=True)


@pytest.mark.parametrize(
    ("when", "exact"),
    [
        ("x0 - 2", True),
        ("k**m*(x0 - sin(k)*x1) + 3*t - m**0.5", True),
        ("x0*x1 - 1", False),
        ("k*x0**2 - 1", False),
        ("sin(x0)", False),
        ("x0/k", True),
        ("k/x0", False),
    ],
)
def test_what_is_linear_in_states_and_time_is_found_by_a_formula(when, exact):
    assert firings(when).crossings.exact == exact


def test_an_event_of_one_state_of_thousands():
    assert firings("x1199 - 0.5", states=1200).crossings.exact
