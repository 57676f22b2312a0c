"""Quotients that are 0/0 at a point have their limit there, and lose no digits beside it."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from support.systems import make_system

from solvers.equations.jacobian import Jacobian
from solvers.equations.limits import UnfilledError
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.singularities import Singularities
from solvers.equations.system import observable_symbol

#: Quotients of `u`, each with a limit at 0.
NARROW = [
    *("u/(exp(u) - 1)", "u/(1 - exp(-u))", "(exp(u) - 1)/u", "u/expm1(-u)", "u*exp(u)/(exp(u) - 1)"),
    *("sin(u)/u", "u/tan(u)", "tanh(u)/u", "u/sinh(3*u)", "erf(u)/u", "asinh(u)/u", "sin(3*u)/sin(u)"),
    *("log(1 + u)/u", "u/log1p(u)", "(1 - cos(u))/u", "(1 - cos(u))/u**2", "(cosh(u) - 1)/(u*sin(u))"),
    *("u**2/(exp(u) - 1)", "u/(2*exp(u) - 2)", "k*u/(k - k*exp(u))"),
]
#: The same where differences lose digits that no other form keeps.
WIDE = ["(exp(u) - 1 - u)/u**2", "(u - sin(u))/u**3", "1/tanh(u) - 1/u", "2/sin(u) - 2/u", "u/(exp(u) - exp(-u))"]
_FUNCTIONS = {name: getattr(mpmath, name) for name in ("exp", "expm1", "sin", "cos", "tan", "tanh", "sinh", "cosh")}
_FUNCTIONS |= {"erf": mpmath.erf, "asinh": mpmath.asinh, "log": mpmath.log, "log1p": lambda u: mpmath.log(1 + u)}


def filled(system):
    """Return a system with its singularities filled."""
    singularities = Singularities()
    observables = tuple(
        singularities.define(observable_symbol(index), expression)
        for index, expression in enumerate(system.observable_expressions)
    )
    derivatives = tuple(map(singularities.filled, system.derivatives))
    return replace(system, observable_expressions=observables, derivatives=derivatives)


def value_and_slope(equation, x, observables=None, precision="float64", **parameters):
    """Return f(x) and f'(x), computed."""
    system = filled(make_system({"x": x}, {"x": equation}, parameters or None, observables))
    y, p = np.array([x], dtype=precision), np.array(system.parameter_values, dtype=precision)
    out = np.zeros(1, dtype=precision)
    with np.errstate(all="ignore"):
        RightHandSide(system, precision).evaluate(np.float64(0.0), y, p, out)
        (slope,) = Jacobian(system, precision).entries(np.float64(0.0), y, p)
    return float(out[0]), float(slope)


def exact(quotient, argument):
    """Return the value of a quotient and its slope in u, to many digits; at 0 their limits."""

    def function(u):
        return eval(quotient, {"u": u, "k": mpmath.mpf("1.7"), **_FUNCTIONS})  # noqa: S307 - the texts above

    with mpmath.workdps(120):
        u, h = mpmath.mpf(argument), mpmath.mpf("1e-25")
        u = u if abs(u) > 1e-20 else mpmath.mpf("1e-20")
        return float(function(u)), float((function(u + h) - function(u - h)) / (2 * h))


DISTANCES = st.sampled_from(
    [0.0, 5e-324, 1e-300, 1e-17, 1e-9, 3e-5, 9.99e-5, 1.01e-4, 1e-3, 0.05, 0.24, 0.26, 0.69, 0.71, 1.0]
)


@pytest.mark.parametrize("quotient", [*NARROW, *WIDE])
@settings(max_examples=15, deadline=None, derandomize=True)
@given(distance=DISTANCES, sign=st.sampled_from([1, -1]))
def test_values_and_slopes_beside_the_point(quotient, distance, sign):
    u = sign * distance * (0.9 if distance == 1.0 else 1.0)
    found, slope = value_and_slope(quotient.replace("u", "x"), u, k=1.7)
    value, true_slope = exact(quotient, u)
    assert found == pytest.approx(value, rel=2e-14 if quotient in WIDE else 2e-15)
    assert slope == pytest.approx(true_slope, rel=1e-10, abs=1e-11)


@pytest.mark.parametrize(
    ("equation", "x", "value", "slope"),
    [
        ("0.01*(x + 55)/(1 - exp(-(x + 55)/10))", -55.0, 0.1, 0.005),
        ("(0.1 - 0.01*x)/(exp(1 - 0.1*x) - 1)", 10.0, 0.1, 0.005),
        ("(0.55 + 0.01*x)/(1 - exp(-0.1*x - 5.5))", -55.0, 0.1, 0.005),
        ("(k - x)/(1 - exp((x - k)/5))", 3.0, 5.0, -0.5),
        ("x*k*(2 - exp(-x*k/4))/(1 - exp(-x*k/4))", 0.0, 4.0, 4.5),
        ("(x - 1)/log(x)", 1.0, 1.0, 0.5),
        ("(x - 1)/log(x)", 1e-30, -1 / np.log(1e-30), 1e30 / np.log(1e-30) ** 2),
        ("log(x/k)/(x - k)", 3.0, 1 / 3, -1 / 18),
        ("(1 - exp(-k*x))/x", 0.0, 3.0, -4.5),
        ("x**2/tanh(x) + k", 0.0, 3.0, 1.0),
    ],
)
def test_points_other_than_zero(equation, x, value, slope):
    assert value_and_slope(equation, x, k=3.0) == pytest.approx((value, slope), rel=1e-12)


@pytest.mark.parametrize("neighbour", [1, -1, 2, -3])
def test_no_digits_are_lost_one_unit_beside_the_point(neighbour):
    x = -55.0 * (1 + neighbour * 2.0**-52)
    found, slope = value_and_slope("0.01*(x + 55)/(1 - exp(-(x + 55)/10))", x)
    assert found == pytest.approx(0.1, rel=1e-14)
    assert slope == pytest.approx(0.005, rel=1e-12)


@pytest.mark.parametrize(
    "observables",
    [
        {"u": "(x + 55)/10", "rate": "u/(1 - exp(-u))"},
        {"u": "(x + 55)/10", "e": "exp(-u)", "rate": "u/(1 - e)"},
        {"above": "(x + 55)/10", "below": "1 - exp(-(x + 55)/10)", "rate": "above/below"},
        {"above": "x + 55", "inverse": "1/(1 - exp(-(x + 55)/10))", "rate": "0.1*above*inverse"},
    ],
)
def test_parts_may_be_observables(observables):
    for x, value in ((-55.0, 1.0), (-55.0 + 2.0**-45, 1.0), (-45.0, 1 / (1 - np.exp(-1.0)))):
        found, slope = value_and_slope("rate", x, observables)
        assert found == pytest.approx(value, rel=1e-13)
        assert np.isfinite(slope)


def test_single_precision_keeps_its_digits():
    for x in np.float32(-55) + np.arange(-3, 4).astype("float32") * np.float32(2**-18):
        found, slope = value_and_slope("0.01*(x + 55)/(1 - exp(-(x + 55)/10))", x, precision="float32")
        assert found == pytest.approx(0.1 + 0.005 * (float(x) + 55), rel=3e-7)
        assert slope == pytest.approx(0.005, rel=1e-3)


@pytest.mark.parametrize(
    "equation",
    [
        "1/(exp(x) - 1)",
        "x/(exp(x) - 1)**2",
        "x/(1 + exp(x))",
        "x/(exp(x) - 1 - 0.9*x)",
        "exp(x)/x",
        "(x + k)/(exp(x) - 1)",
        "Piecewise((x/(exp(x) - 1), Ne(x, 0)), (1, True))",
        "Piecewise((1, abs(x) < 1e-6), (x/(exp(x) - 1), True))",
        "Piecewise((x/(exp(x) - 1), (x > 0) | (x < -1e-3)), (1, True))",
        "1/(1 + exp(x)) + 1/(1 + exp(-x))",
    ],
)
def test_poles_and_guarded_quotients_stay_as_they_are(equation):
    system = make_system({"x": 1.0}, {"x": equation}, {"k": 2.0})
    assert filled(system) == system


def test_guards_may_be_observables():
    chain = {"u": "(x + 40)/10", "rate": "Piecewise((-u/expm1(-u), Ne(u, 0)), (1, True))"}
    system = make_system({"x": 1.0}, {"x": "rate"}, None, chain)
    assert filled(system) == system


@pytest.mark.parametrize("equation", ["x/(exp(x) - 1 + k*x)", "(exp(k*x) - 1)/(exp(x) - 1)"])
def test_what_cannot_be_filled_is_refused(equation):
    with pytest.raises(UnfilledError) as caught:
        filled(make_system({"x": 1.0}, {"x": equation}, {"k": 2.0}))
    assert caught.value.point == 0
    guarded = make_system({"x": 1.0}, {"x": f"Piecewise(({equation}, x > 1e-3), (1, True))"}, {"k": 2.0})
    assert filled(guarded) == guarded


def test_expressions_without_functions_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(sympy.Expr, "diff", None)
    system = make_system({"x": 1.0}, {"x": "(x**2 - 1)/(x - 1) + w/x"}, None, {"w": "x/(x + 1)"})
    assert filled(system) == system
