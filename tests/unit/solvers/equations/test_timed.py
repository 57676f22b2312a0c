"""What depends on time alone, taken out of equations."""

import pytest
from support.systems import make_system

from solvers.equations.system import TIME
from solvers.equations.timed import MOST_PARTS, TimedParts


def system_of(*texts):
    return make_system(dict.fromkeys("xy", 1.0), {"x": texts[0], "y": texts[-1]}, {"k": 2.0})


def parted(*texts):
    """Return what is left of two right-hand sides, what was taken out of them, and their system."""
    system = system_of(*texts)
    parts = TimedParts(system)
    left = parts.taken_out(system.derivatives)
    return left, list(parts.symbols), system


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x*y", None),
        ("x*sin(t) + y", "sin(t)"),
        ("k*x*sin(t)", "sin(t)"),
        ("x + t - 5", "t - 5"),
        ("x + k*t - k", "k*t - k"),
        ("exp(x*cos(t))", "cos(t)"),
        ("sin(t)", "sin(t)"),
        ("Piecewise((k, t < 1), (0, True))*x", "Piecewise((k, t < 1), (0, True))"),
    ],
)
def test_parts_have_no_states(text, part):
    left, parts, _ = parted(text, "0")
    assert parts == ([] if part is None else [system_of(part, "0").derivatives[0]])
    assert TIME not in left[0].free_symbols


def test_equal_parts_are_one():
    left, parts, _ = parted("x*sin(t)", "y*sin(t)")
    assert len(parts) == 1
    assert {symbol.name for each in left for symbol in each.free_symbols if symbol.name.startswith("part")} == {"part0"}


def test_choices_by_time_between_states_stay():
    left, parts, system = parted("Piecewise((x, t < 1), (y, True))", "0")
    assert parts == []
    assert left[0] == system.derivatives[0]


def test_too_many_parts_stay_where_they_are():
    sines = " + ".join(f"x**{i}*sin({i}*t)" for i in range(1, MOST_PARTS + 2))
    left, parts, system = parted(sines, "0")
    assert parts == []
    assert left == list(system.derivatives)
