"""Conditions of time alone: when they change, and what they are between."""

import itertools
import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from cubie_cli.models.expressions.parser import parse
from solvers.equations.crossings import conditions
from solvers.equations.instant import Instant
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.switches import find_switches
from solvers.equations.system import MIDDLE, System, observable_symbol, parameter_symbol, state_symbol

END = 10.0


def system(text, observables=None, **parameters):
    observables = observables or {}
    symbols = {"x": state_symbol(0)} | {name: parameter_symbol(i) for i, name in enumerate(parameters)}
    symbols |= {name: observable_symbol(i) for i, name in enumerate(observables)}
    return System(
        name="test",
        states=("x",),
        initial_values=(1.0,),
        parameters=tuple(parameters),
        parameter_values=tuple(parameters.values()),
        observables=tuple(observables),
        derivatives=(parse(text, symbols),),
        observable_expressions=tuple(parse(each, symbols) for each in observables.values()),
    )


def moments(of, p=()):
    """Return when conditions change, from 0 to `END`."""
    times, found = find_switches(of).times, [0.0]
    while times and found[-1] < END:
        found.append(float(times.following(np.float64(found[-1]), np.array(p), END)))
    return found[1:-1]


def rate(of, t, p=()):
    return RightHandSide(of, "float64").values(t, np.array([1.0]), np.array(p))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(1 if t < 3 else 2)", [3]),
        ("(1 if 3 < t else 2)", [3]),
        ("1 if t > 2 and 2*t <= 9 else 2", [2, 4.5]),
        ("(1 if t - 4*floor(t/4) < 1 else 2)", [1, 4, 5, 8, 9]),
        ("(1 if -t + 4*ceil(t/4) > 3 else 2)", [1, 4, 5, 8, 9]),
        ("floor(-t/3)", [3, 6, 9]),
        ("ceil(0.25 - t/3)", [0.75, 3.75, 6.75, 9.75]),
        ("sign(7 - t)*x", [7]),
        ("abs(2*(t/3 - floor(t/3)) - 1)", [1.5, 3, 4.5, 6, 7.5, 9]),
        ("min(t, 4) + max(8 - 2*t, 0, 1)", [3.5, 4]),
        ("(1 if abs(t - 5) < 2 else 2)", [3, 5, 7]),
        ("(x if min(t, 8 - t) > 1 else 2)", [1, 4, 7]),
        ("floor((t if t < 2 else t/2))", [1, 2, 4, 6, 8]),
        ("exp(-t)*(1 if t < 11 else 2)", []),
        ("1 if mod(t - 1, 4) < 0.5 else 2", [1, 1.5, 5, 5.5, 9, 9.5]),
        ("x*heaviside(t - 2) - heaviside(6 - t)", [2, 6]),
        ("clip(t, 2, 5)*clip(-t, -4, -3)", [2, 3, 4, 5]),
        # What is not linear in time, or not of time alone, is left to the control of errors.
        ("(1 if sin(t) > 0 else 2)", []),
        ("(1 if x > 1 else 2) + floor(t*x) + abs(x - t)", []),
        ("(1 if x > floor(t/5) else 2)", [5]),
        ("1 if t*t > 4 else (1 if t > 3 else 2)", [3]),
    ],
)
def test_moments_are_found(text, expected):
    assert moments(system(text)) == pytest.approx(expected, abs=1e-14)


def test_moments_follow_parameters():
    made = system("1 if t >= on and t < on + width else 0", on=1.0, width=1.0)
    assert moments(made, [2.25, 0.125]) == [2.25, 2.375]
    assert moments(made, [2.25, -0.5]) == [1.75, 2.25]
    assert moments(made, [20.0, 0.5]) == []


def test_a_slope_may_have_either_sign_and_none():
    made = system("(1 if a*t < 3 else 2) + floor(a*t + 0.5)", a=1.0)
    assert moments(made, [1.0]) == [*np.arange(0.5, 3), 3, *np.arange(3.5, END)]
    assert moments(made, [-0.5]) == [1, 3, 5, 7, 9]
    assert moments(made, [0.0]) == []
    assert moments(made, [math.nan]) == []


def test_observables_of_time_are_looked_into():
    made = system("(1 if hour >= c else 2)", {"c": "q*4", "hour": "t - 5*floor(t/5)"}, q=0.5)
    assert moments(made, [0.5]) == [2, 5, 7]


def test_a_system_without_conditions_of_time_stays_as_it_is():
    made = system("(1 if x > 1 else 2) + sin(t)")
    assert find_switches(made).system is made
    assert find_switches(made).times is None


def test_what_bends_keeps_its_values_and_loses_its_condition():
    settled = find_switches(system("abs(t - 3) + min(t, 4)*max(2, t)")).system
    (derivative,) = settled.derivatives
    assert not derivative.atoms(sympy.Abs)
    assert MIDDLE in derivative.free_symbols
    assert rate(settled, Instant(3.5, 3.25)) == 0.5 + 3.5 * 3.5
    # At and beyond the ends of a stretch the branches go on.
    assert rate(settled, Instant(4.5, 3.5)) == 1.5 + 4.5 * 4.5
    assert rate(settled, Instant(2.5, 3.5)) == -0.5 + 2.5 * 2.5


NUMBERS = st.integers(1, 12).map(lambda number: number / 4)
LINES = st.builds("({}*t + {})".format, NUMBERS.flatmap(lambda a: st.sampled_from([a, -a])), NUMBERS)


def nodes(inner):
    line = st.one_of(inner, LINES, st.builds("({} + {})".format, inner, LINES))
    other = st.one_of(inner, LINES, NUMBERS.map(str))
    return st.one_of(
        st.builds("{}({})".format, st.sampled_from(["floor", "ceil", "abs", "sign"]), line),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), line, other),
        st.builds("({} if {} {} {} else {})".format, other, line, st.sampled_from("<>"), other, line),
    )


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.recursive(LINES, nodes, max_leaves=5))
def test_between_moments_conditions_are_those_of_the_middle(text):
    made = system(text)
    settled, found = find_switches(made).system, [0.0, *moments(made), END]
    assert all(before < after for before, after in itertools.pairwise(found))
    for start, stop in itertools.pairwise(found):
        length = stop - start
        for share in (1e-6, 0.3, 0.8, 1 - 1e-6) if length > 1e-6 else (0.5,):
            t = start + share * length
            assert rate(settled, Instant(t, start + length / 2)) == pytest.approx(rate(made, t), abs=1e-9)


@pytest.mark.parametrize(
    ("text", "t", "middle", "expected"),
    [
        ("sqrt(max(3*t - 0.9, 0))", 0.3, 0.2, 0.0),
        ("sqrt(max(3*t - 0.9, 0))", 0.3, 0.5, 0.0),
        ("sqrt(1 - clip(t/0.3, 0, 1))", 0.3 + 1e-16, 0.2, 0.0),
        ("mod(t, 0.1)**1.5", 0.3, 0.35, 0.0),
        ("(ceil(7*t) - 7*t)**0.5", 1 / 7 + 1e-16, 0.1, 1.0),
        ("(t - 0.3)**0.5 if t > 0.3 else 0", 0.3 - 1e-16, 0.5, 0.0),
        ("(1 - 3*t)**0.5 if t < 0.5 else 0", 1 / 3 + 1e-16, 0.2, 0.0),
        ("t*log(t) if t > 0 else 7", 0.0, 0.5, 7.0),
        ("sin(2*t)/t if t != 0 else 2", 0.0, 0.5, 2.0),
        ("1/(t - 1)**2 if t > 1 else 0", 1.0, 1.5, 0.0),
        # What has a value is that of the middle.
        ("3 if t > 1 else 0", 1.0, 1.5, 3.0),
        ("1/t if t < 2 else 0", 2.0, 1.5, 0.5),
    ],
)
def test_guards_hold_at_the_ends_of_a_stretch(text, t, middle, expected):
    with np.errstate(all="ignore"):
        found = rate(find_switches(system(text)).system, Instant(t, middle))
    assert found == pytest.approx(expected, abs=1e-6)


def test_what_takes_the_place_of_no_value_is_no_condition():
    settled = find_switches(system("sqrt(max(3*t - c, 0))*(2 if x > 1 else 3)", c=0.9)).system
    assert len(conditions(settled, ())) == 1
