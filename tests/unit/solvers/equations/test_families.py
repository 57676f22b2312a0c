"""Equations of one form, found and evaluated in loops."""

import random
from operator import add, mul, sub

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from support.systems import links, make_system, system_of

from benchmarks.models import beam, brusselator, heat, nerve_cells, network, oscillators
from solvers.equations.drivers import Driver
from solvers.equations.forms import Leaf, form_of
from solvers.equations.jacobian import Jacobian
from solvers.equations.looped import LoopedEquations, weight
from solvers.equations.right_hand_side import RightHandSide, needed_observables
from solvers.equations.system import observable_symbol, parameter_symbol, state_symbol

MODELS = {
    "a chain": links(12),
    "a beam": beam(14),
    "all to all": oscillators(30),
    "a row": heat(40),
    "two states a cell": brusselator(12),
    "cells coupled to all": nerve_cells(9),
    "mass action": network(40, 120),
}
#: Each equation has a choice, a guard, a power with an exponent of its own, and functions.
GUARDED = {
    f"x{i}": f"Piecewise((sin(x{i}), x{i} > x{(i + 1) % 12}), (k*x{i}, True)) + max(x{i} - {0.1 * i + 0.05:.2f}, 0)"
    f" - abs(x{(i + 3) % 12})**{1.5 + i} + hypot(x{i}, {i}.5)"
    for i in range(12)
}
Y = [state_symbol(index) for index in range(20)]
P = [parameter_symbol(index) for index in range(4)]
QUANTITIES = {symbol: Leaf(kind, k) for kind, each in (("y", Y), ("p", P)) for k, symbol in enumerate(each)}


def looped(system):
    used = needed_observables(system, system.derivatives)
    named = [(observable_symbol(index), system.observable_expressions[index]) for index in used]
    return LoopedEquations(system, dict(enumerate(system.derivatives)), named, "float64")


def slopes(equations, y, p):
    w, out = np.zeros(equations.terms), np.full(len(y) + 1, np.nan)
    equations.store(np.float64(0.3), y, p, w, out, 1)
    return out[1:]


@pytest.mark.parametrize("model", MODELS)
def test_loops_come_to_what_the_equations_say(model):
    system = system_of(MODELS[model])
    rng = np.random.default_rng(3)
    y, p = rng.uniform(0.1, 1.0, len(system.states)), np.array(system.parameter_values)
    expected = RightHandSide(system, "float64").values(np.float64(0.3), y, p)
    np.testing.assert_allclose(slopes(looped(system), y, p), expected, rtol=1e-12)


def test_what_each_link_of_a_chain_has_is_a_loop_over_the_links():
    assert str(looped(system_of(links(12)))) == "45 by loops over 4 forms, 3 written out"


def test_choices_and_guards_are_part_of_a_form():
    plain = {name: text.split(" - abs(x")[0] for name, text in GUARDED.items()}
    system = make_system(dict.fromkeys(plain, 1.0), plain, {"k": 2.0})
    equations = looped(system)
    assert str(equations) == "12 by loops over 1 form, 0 written out"
    y, p = np.random.default_rng(4).uniform(-1.0, 2.0, 12), np.array([2.0])
    expected = RightHandSide(system, "float64").values(np.float64(0.3), y, p)
    np.testing.assert_array_equal(slopes(equations, y, p), expected)


def test_powers_with_exponents_of_their_own_are_forms_of_their_own():
    system = make_system(dict.fromkeys(GUARDED, 1.0), GUARDED, {"k": 2.0})
    assert str(looped(system)) == "0 by loops over 0 forms, 12 written out"


@pytest.mark.parametrize(
    ("small", "large"), [(heat(40), heat(400)), (oscillators(10), oscillators(40)), (links(12), links(40))]
)
def test_code_does_not_grow_with_the_system(small, large):
    assert looped(system_of(large)).weight == looped(system_of(small)).weight


def test_the_code_of_jacobians_does_not_grow_with_a_chain():
    small, large = (Jacobian(system_of(links(n)), "float64") for n in (12, 24))
    assert large.looped(range(len(large.pattern))).weight == small.looped(range(len(small.pattern))).weight


def test_a_model_of_many_forms_is_written_out():
    chance = random.Random(2)  # noqa: S311 - nothing is kept secret by it
    names = [f"x{i}" for i in range(40)]

    def equation():
        return " + ".join(f"{chance.choice(names)}**{chance.randrange(2, 30)}*sin({name})" for name in names[:20])

    rhs = RightHandSide(make_system(dict.fromkeys(names, 1.0), {name: equation() for name in names}), "float64")
    assert weight(rhs.derivatives) > 800
    assert rhs.looped is None


def test_small_systems_are_written_out():
    assert RightHandSide(system_of(heat(40)), "float64").looped is None


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        (2.5 * Y[0] * P[1] - Y[3], 7.0 * Y[9] * P[0] - Y[1], True),
        (Y[10] - 2 * Y[9] + Y[8], Y[1] - 2 * Y[0] + Y[2], True),
        (Y[0] ** 2, Y[1] ** 3, False),
        (Y[0] - Y[1], Y[0] + Y[1], False),
        (sum(Y[:5]), sum(Y[3:18]), True),
        (sum(Y[:5]), sum(Y[:3]), False),
        (sympy.Add(*(k * Y[k] for k in range(2, 9))), sympy.Add(*(0.5 * Y[k] * (k - 3) for k in range(9))), True),
    ],
)
def test_forms_tell_equations_apart(first, second, equal):
    assert (form_of(first, QUANTITIES).key == form_of(second, QUANTITIES).key) is equal


@given(st.lists(st.sampled_from([*Y, *P, sympy.Float(1.5), sympy.Integer(-3)]), min_size=2, max_size=8), st.randoms())
def test_a_form_is_built_again_as_it_was(parts, chance):
    expression = parts[0]
    for part in parts[1:]:
        expression = chance.choice([add, mul, sub, lambda a, b: a / (b + 2)])(expression, part)
    form = form_of(expression, QUANTITIES)
    symbols = {(leaf.kind, int(leaf.value)): symbol for symbol, leaf in QUANTITIES.items()}

    def leaves(each):
        return iter([sympy.Float(x.value) if x.kind == "#" else symbols[x.kind, int(x.value)] for x in each.leaves])

    def whole(each):
        return each.build(leaves(each), iter([sympy.Add(*map(whole, terms)) for terms in each.sums]))

    values = {symbol: 0.3 + 0.1 * k for k, symbol in enumerate(QUANTITIES)}
    assert float(whole(form).subs(values)) == pytest.approx(float(sympy.sympify(expression).subs(values)), nan_ok=True)


def test_what_a_driver_forces_is_written_out_beside_the_loops():
    rows = Driver("u", np.array([0.0, 1.0]), np.array([2.0, 4.0]))
    equations = {f"x{i}": f"x{(i + 1) % 12} - x{i}*x{i - 1 if i else 11}" for i in range(12)}
    equations["x0"] += " + u"
    system = make_system(dict.fromkeys(equations, 1.0), equations, drivers=[rows])
    assert str(looped(system)) == "11 by loops over 1 form, 1 written out"
    y = np.random.default_rng(6).uniform(-1.0, 2.0, 12)
    found = slopes(looped(system), y, np.zeros(0))
    assert found[0] == pytest.approx(y[1] - y[0] * y[11] + 2.6)
    np.testing.assert_array_equal(found, RightHandSide(system, "float64").values(np.float64(0.3), y, np.zeros(0)))
