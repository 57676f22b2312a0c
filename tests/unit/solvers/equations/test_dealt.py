"""Equations dealt among the threads of a run come to what they are."""

import numpy as np
import pytest
from support.many_states import MANY, guarded, ring
from support.threads import Lanes

from solvers.equations.right_hand_side import RightHandSide
from solvers.straightline import Argument, record

T = 0.3


def held(rhs, values):
    """Return what lanes hold of values, NaN where they have none."""
    return np.array([[np.nan if each is None else values[each] for each in row] for row in rhs.dealing.slots])


def same_for_all(lanes, values):
    return np.repeat(np.asarray(values, dtype=float)[:, np.newaxis], lanes, axis=1)


@pytest.mark.parametrize("lanes", [2, 8, 32])
@pytest.mark.parametrize("name", MANY)
def test_slopes_are_those_of_the_equations(name, lanes):
    make, *_ = MANY[name]
    assert_right(make(64), lanes)


def test_equations_with_time_in_many_ways_are_worked_out_by_all(monkeypatch):
    monkeypatch.setattr("solvers.equations.timed.MOST_PARTS", 3)
    make, *_ = MANY["shaken"]
    dealt = assert_right(make(24), 4)
    assert str(dealt) == "0 dealt among 4 threads over 0 forms, 24 done by each"


def assert_right(system, lanes):
    """Check the slopes of a system; return its equations."""
    y = np.array(system.initial_values) + np.random.default_rng(1).uniform(0.0, 0.1, len(system.states))
    rhs = RightHandSide(system, "float64", threads=lanes)
    out = np.zeros((1 + len(rhs.dealing.slots), lanes))
    arrays = held(rhs, y), same_for_all(lanes, system.parameter_values), out
    Lanes(lanes).run(lambda y, p, dy: rhs.evaluate(y[0] * 0.0 + T, y, p, dy, 1), *arrays)
    expected = RightHandSide(system, "float64").values(np.float64(T), y, np.array(system.parameter_values))
    np.testing.assert_allclose(out[1:], np.nan_to_num(held(rhs, expected), nan=0.0), rtol=1e-11, atol=1e-11)
    return rhs.dealt


def test_a_crossed_condition_is_seen_by_all_lanes():
    system, lanes = guarded(20), 4
    rhs = RightHandSide(system, "float64", threads=lanes)
    before = np.linspace(1.0, 0.0, 20)
    after = before.copy()
    after[[7, 8]] = after[[8, 7]]
    p = same_for_all(lanes, system.parameter_values)

    def crosses(start, end, p):
        t = start[0] * 0.0
        return rhs.crosses((t, start), (t, end), p)

    for end, crossed in ((before * 2, False), (after, True)):
        assert (Lanes(lanes).run(crosses, held(rhs, before), held(rhs, end), p) == crossed).all()


def test_neighbours_are_handed_over_once():
    array, time = Argument(is_array=True, dtype="float64"), Argument(is_array=False, dtype="float64")
    rhs = RightHandSide(ring(64), "float64", threads=4)
    kinds = [each.kind for each in record(rhs.evaluate, [time, array, array, array]).record.operations]
    assert kinds.count("exchange") == 3
    assert kinds.count("select") == 0


def test_what_became_of_the_equations_is_told():
    make, *_ = MANY["cells of four"]
    told = str(RightHandSide(make(64), "float32", threads=8).dealt)
    assert told == "64 dealt among 8 threads over 6 forms, 0 done by each"
