"""Equations that are sums of rates: each rate is worked out once, and found by all."""

import numpy as np
import pytest
from support.systems import make_system, system_of
from support.threads import Lanes

from benchmarks.models import network
from solvers.algebra.pivot_order import choose_order
from solvers.algebra.row_layout import deal_rows
from solvers.equations.jacobian import Jacobian
from solvers.equations.right_hand_side import RightHandSide


def shared(system, lanes):
    pattern = Jacobian(system, "float64").pattern
    return RightHandSide(system, "float64", rows=deal_rows(choose_order(len(system.states), pattern), lanes))


def slopes(system, lanes, t=0.7):
    """Return what the threads of two runs find, and what one thread does."""
    rhs = shared(system, lanes)
    y = np.array(system.initial_values)[:, np.newaxis] * [1.0, 1.5]
    p = np.array(system.parameter_values)[:, np.newaxis] * [1.0, 0.5]
    slots = rhs.dealing.slots
    held = np.array([[0.0 if each is None else y[each, run] for run in range(2) for each in row] for row in slots])
    common = Lanes.common(np.concatenate([p, np.full((rhs.room, 2), np.nan)]))
    times = np.full(2 * lanes, t)
    found = np.array(Lanes(lanes, runs=2).run(lambda t, y, p: tuple(rhs.values(t, y, p)), times, held, common))
    one = RightHandSide(system, "float64")
    expected = np.array([one.values(np.float64(t), y[:, run], p[:, run]) for run in range(2)])
    for slot, row in enumerate(slots):
        for lane, state in enumerate(row):
            if state is not None:
                yield found[slot, [lane, lanes + lane]], expected[:, state]


def assert_alike(system, lanes):
    for found, expected in slopes(system, lanes):
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("lanes", [2, 8, 32])
@pytest.mark.parametrize("n", [5, 21, 53])
def test_networks_have_the_slopes_of_one_thread(n, lanes):
    assert_alike(system_of(network(n, 3 * n)), lanes)


def test_functions_time_and_conditions_are_rates_as_well():
    states = {f"x{i}": 0.3 + 0.1 * i for i in range(6)}
    equations = {
        "x0": "-k*x0*x1 + 2*exp(-x2) - 3",
        "x1": "k*x0*x1 - x1*sin(t) + max(x3, 0.5)",
        "x2": "Piecewise((x4, t < 0.5), (x5, True)) - total*x2",
        "x3": "x3*(x4 - x5) + x0/(1 + x1)",
        "x4": "-x3*(x4 - x5)",
        "x5": "0",
    }
    assert_alike(make_system(states, equations, {"k": 2.0}, {"total": "x0 + x1"}), 4)


def test_what_differs_by_its_sign_is_one_rate():
    system = make_system(
        {"a": 1.0, "b": 2.0, "c": 3.0}, {"a": "-k*a*b", "b": "-k*a*b - c*(b - a)", "c": "k*a*b + c*(a - b)"}, {"k": 1.0}
    )
    rhs = shared(system, 2)
    assert str(rhs.dealt) == "3 dealt among 2 threads, 2 rates over 2 forms, 0 done by each"
    assert_alike(system, 2)


def test_an_equation_without_terms_is_zero():
    system = make_system({"a": 1.0, "b": 2.0}, {"a": "0", "b": "0"}, {"k": 1.0})
    assert_alike(system, 2)
