"""Conditions on states: which there are, and which change in a step."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from support.systems import make_system

from solvers.equations import functions
from solvers.equations.crossings import sides
from solvers.equations.rewriting import choice
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.switches import find_switches


def system(text, observables=None):
    return find_switches(make_system({"x": 1.0, "y": 1.0}, {"x": text, "y": "-y"}, {"k": 1.0}, observables)).system


@pytest.mark.parametrize(
    ("text", "observables", "count"),
    [
        ("Piecewise((1, x > k), (2, True))", {}, 1),
        ("abs(x) + min(x, y, 3) + floor(2*x) + sign(y)", {}, 5),
        ("w*x", {"w": "Piecewise((1, y > 0.5), (2, y > 0.2), (3, True))"}, 2),
        ("Piecewise((x, sin(t) > 0.5), (2, True))", {}, 1),
        # Those of time alone are switches, those of parameters never change, and single points do not matter.
        ("Piecewise((x, t > k), (2, True)) + max(k, 2) + Piecewise((1, Ne(x, 0)), (2, True))", {}, 0),
        ("x*exp(y)/(1 + t*t)", {}, 0),
    ],
)
def test_conditions_that_move_are_found(text, observables, count):
    assert len(sides(system(text, observables), range(len(observables)))) == count


def test_two_forms_of_one_value_are_no_condition():
    made = system("x")
    x = made.derivatives[0]
    near = functions.near(sympy.Abs(x), sympy.Float(0.1), evaluate=False)
    assert sides(replace(made, derivatives=(choice((1, near), (x, True)), x)), ()) == ()


def test_a_change_is_seen_from_either_side():
    rhs = RightHandSide(system("floor(x) + Piecewise((1, y > k), (2, True))"), "float64")
    t, p = np.float64(0.0), np.array([1.0])

    def crosses(before, after):
        return bool(rhs.crosses((t, np.array(before)), (t, np.array(after)), p))

    assert crosses([0.5, 0.5], [1.5, 0.5])
    assert crosses([0.5, 0.5], [0.6, 1.5])
    assert crosses([0.6, 1.5], [0.5, 0.5])
    assert not crosses([0.5, 0.5], [0.9, 0.9])


def test_a_system_without_conditions_has_no_sides():
    assert RightHandSide(system("-x*y"), "float64").sides is None
