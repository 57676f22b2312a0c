"""Derivatives are finite wherever the function is: at the edges of domains, at switches and far out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.systems import make_system

from solvers.equations.jacobian import Jacobian
from solvers.equations.right_hand_side import RightHandSide


def value_and_slopes(equation, a, b=0.5, t=0.0, observables=None, precision="float64"):
    """Return f(a, b, t) and its derivatives with respect to each, those that are zero by structure included."""
    system = make_system({"a": a, "b": b}, {"a": equation, "b": "0"}, {"n": 0.5}, observables)
    point = (np.float64(t), *(np.array(each, dtype=precision) for each in ([a, b], [0.5])))
    out = np.zeros(2, dtype=precision)
    jacobian = Jacobian(system, precision)
    with np.errstate(all="ignore"):
        RightHandSide(system, precision).evaluate(*point, out)
        entries = dict(zip(jacobian.pattern, jacobian.entries(*point), strict=True))
        along = jacobian.product(*point, np.ones(2, dtype=precision))[0]
        in_time = jacobian.time_derivative(*point)[0]
    return float(out[0]), [float(each) for each in (entries.get((0, 0), 0), entries.get((0, 1), 0), in_time, along)]


@pytest.mark.parametrize(
    ("equation", "a", "slope"),
    [
        ("sqrt(max(a, 0))", -1.0, 0.0),
        ("sqrt(max(a, 0))", 0.0, 0.0),
        ("sqrt(max(a, 0))", 4.0, 0.25),
        ("sqrt(abs(a))", 0.0, 0.0),
        ("sqrt(a**2 + (b - 0.5)**2)", 0.0, 0.0),
        ("a*sqrt(a**2 + (b - 0.5)**2)", 0.0, 0.0),
        ("abs(a)**n", 0.0, 0.0),
        ("a**0.3", 0.0, 0.0),
        ("a**(2*n)", 0.0, 1.0),
        ("a**(n - 0.5)", 0.0, 0.0),
        ("a**(6*n)", -2.0, 12.0),
        ("(b - 0.5)**a", 0.0, 0.0),
        ("asin(min(a, 1))", 1.0, 0.0),
        ("acos(max(a, -1))", -3.0, 0.0),
        ("acosh(max(a, 1))", 0.0, 0.0),
        ("atan2(a, b - 0.5)", 0.0, 0.0),
        ("log(max(a, 1e-300))", 0.0, 0.0),
        ("Piecewise((sqrt(a), a > 0), (0, True))", 0.0, 0.0),
        ("Piecewise((log(a), a > 0), (3*a, True))", -1.0, 3.0),
        ("1/(1 + exp(-a))", -800.0, 0.0),
        ("1/(1 + exp(-a)**2)", -800.0, 0.0),
        ("exp(-exp(a))", 800.0, 0.0),
        ("tanh(sinh(a))", 800.0, 0.0),
        ("1/cosh(a)", -800.0, 0.0),
        ("a/(1 + a**(20*n + 300))", 100.0, 0.0),
        ("exp(3*log(abs(a)))", 0.0, 0.0),
        ("1/(1 + 3/a)", 0.0, 0.0),
        ("1/(1 + (3/a)**(5*n))", 0.0, 0.0),
        ("a/(2 + 3/a**2)", 0.0, 0.0),
        ("atan(b/a)", 0.0, 0.0),
        ("exp(-b/a**2)", 0.0, 0.0),
        ("exp(min(a, 700)) + a", 800.0, 1.0),
    ],
)
def test_slopes_at_edges(equation, a, slope):
    value, slopes = value_and_slopes(equation, a)
    assert math.isfinite(value)
    assert slopes[0] == pytest.approx(slope, rel=1e-12)
    assert all(math.isfinite(each) for each in slopes)


def test_slopes_at_edges_through_observables():
    chain = {"low": "max(a, 0)", "root": "sqrt(low)", "grown": "exp(-a)", "open": "1/(1 + grown)"}
    value, slopes = value_and_slopes("root*b + open", -800.0, observables=chain)
    assert value == 0.0
    assert slopes == [0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "guarded", ["Piecewise((2*w, a > 0), (a, True))", "max(0, b*Piecewise((w, a > 0), (-2, True))) + a"]
)
def test_switches_keep_out_observables_without_a_slope(guarded):
    assert value_and_slopes(guarded, -1.0, observables={"v": "log(a)", "w": "sqrt(a) + v"}) == (
        -1.0,
        [1.0, 0.0, 0.0, 1.0],
    )


@pytest.mark.parametrize(("power", "slope"), [("0", 0.0), ("n", 0.0), ("2*n", 1.0), ("3*n", 0.0)])
def test_powers_of_the_time_at_zero(power, slope):
    assert value_and_slopes(f"t**({power}) - a", 1.0)[1][2] == slope


def test_single_precision_levels_off_as_well():
    for equation in ("1/(1 + exp(-a))", "1/(1 + (a + 1e4)**(40*n))"):
        assert all(math.isfinite(each) for each in value_and_slopes(equation, -100.0, precision="float32")[1])


_LEAVES = st.sampled_from(["a", "b", "t", "n", "0", "-1.0", "2.5", "0.5"])


def _grown(inner):
    one = ["sqrt(abs({}))", "exp({})", "sin({})", "tanh({})", "abs({})", "acos(max(-1, min(1, {})))", "({})**2"]
    two = ["({} + {})", "({}*{})", "min({}, {})", "max({}, {})", "atan2({}, {})", "abs({})**abs({})"]
    two += ["Piecewise(({0}, a > {1}), ({1}, True))", "1/(1 + exp({} - {}))", "({})/(1 + ({})**2)"]
    return st.builds(str.format, st.sampled_from(one), inner) | st.builds(
        str.format, st.sampled_from(two), inner, inner
    )


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    equation=st.recursive(_LEAVES, _grown, max_leaves=5),
    a=st.sampled_from([0.0, 1.0, -1.0, 3.0, -800.0, 800.0]),
    b=st.sampled_from([0.0, 0.5, -1.0]),
)
def test_derivatives_are_finite_where_the_function_is(equation, a, b):
    value, slopes = value_and_slopes(equation, a, b, t=0.0)
    if math.isfinite(value):
        assert all(math.isfinite(each) for each in slopes)
