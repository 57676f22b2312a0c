"""Ordering by demand: the same meaning, fewer values alive at once."""

import numpy as np
import pytest
from support.texts import body, lines

from solvers.straightline import Argument, fma, gather, record, scatter, select
from solvers.straightline.order import by_demand

ARRAY = Argument(True, "float64")  # noqa: FBT003
MASK = Argument(False, "mask")  # noqa: FBT003
RUN = Argument(False, "int64")  # noqa: FBT003
N = 12


def ring(state, scratch):
    """Three stages over a ring, each neighbour to neighbour, recorded stage by stage."""
    source = state
    for stage in range(3):
        for i in range(N):
            scratch[stage * N + i] = fma(source[(i + 1) % N], 0.5, state[i])
        source = [scratch[stage * N + i] for i in range(N)]
    total = source[0]
    for i in range(N):
        state[i] = source[i]
        total = total + source[i]
    return total


def swapped(first, second):
    """Exchange and rotate: each place is stored to while another still wants what it held."""
    for i in range(N):
        first[i], second[(i + 1) % N] = second[(i + 1) % N], first[i]


def replaced(first, _second):
    """Store twice to a place, leave a value unused."""
    first[0] = first[1] * 3.0
    first[0] = first[1] + 1.0
    first[2] * 7.0


def wanted_by_nobody(first, _second):
    """Store what else is used by an unused value alone."""
    first[0] = first[1] * 3.0
    first[0] * 7.0


def run(recorded, *arrays):
    """Interpret a record on arrays; return its results."""
    values = []
    for kind, operands, _, detail in recorded.record.operations:
        x = [values[each] for each in operands]
        values.append(None)
        if kind == "store":
            arrays[detail[0]][detail[1]] = x[0]
        elif kind == "load":
            values[-1] = arrays[detail[0]][detail[1]]
        elif kind == "constant":
            values[-1] = detail[0]
        elif kind != "nothing":
            values[-1] = {"fma": lambda a, b, c: a * b + c, "add": np.add, "mul": np.multiply}[kind](*x)
    return [values[result.position] for result in recorded.results]


def alive(recorded):
    """Return the most values that are computed already and used later."""
    operations = recorded.record.operations
    last = {each: place for place, operation in enumerate(operations) for each in operation.operands}
    return max(sum(made <= place < until for made, until in last.items()) for place in range(len(operations)))


@pytest.mark.parametrize("function", [ring, swapped, replaced, wanted_by_nobody])
def test_the_meaning_stays(function):
    recorded = record(function, [ARRAY, ARRAY])
    outcomes = []
    for version in (recorded, by_demand(recorded)):
        arrays = np.random.default_rng(1).random((2, 3 * N))
        outcomes.append((run(version, *arrays), arrays.tobytes()))
    assert outcomes[0] == outcomes[1]


def test_a_neighbourhood_is_finished_before_the_next_is_begun():
    recorded = record(ring, [ARRAY, ARRAY])
    assert alive(by_demand(recorded)) < alive(recorded)


def test_a_state_is_finished_before_the_next_is_begun():
    def stages(state, slopes):
        for i in range(2):
            slopes[i] = state[i] * 0.5
        for i in range(2):
            state[i] = fma(slopes[i], 3.0, state[i])

    recorded = record(stages, [ARRAY, ARRAY])
    assert body(recorded) == lines("""
        v0: float64 = load state[0]
        v1: float64 = mul v0 0.5
        store slopes[0] = v1
        v2: float64 = load state[1]
        v3: float64 = mul v2 0.5
        store slopes[1] = v3
        v4: float64 = fma v1 3.0 v0
        store state[0] = v4
        v5: float64 = fma v3 3.0 v2
        store state[1] = v5
    """)
    assert body(by_demand(recorded)) == lines("""
        v0: float64 = load state[0]
        v1: float64 = mul v0 0.5
        store slopes[0] = v1
        v2: float64 = fma v1 3.0 v0
        store state[0] = v2
        v3: float64 = load state[1]
        v4: float64 = mul v3 0.5
        store slopes[1] = v4
        v5: float64 = fma v4 3.0 v3
        store state[1] = v5
    """)


def test_a_store_waits_for_who_wants_what_it_overwrites():
    def shift(values):
        first = values[1] + values[2]
        second = values[2] - values[0]
        values[1] = second
        values[0] = first

    recorded = record(shift, [ARRAY])
    assert body(recorded) == lines("""
        v0: float64 = load values[1]
        v1: float64 = load values[2]
        v2: float64 = add v0 v1
        v3: float64 = load values[0]
        v4: float64 = sub v1 v3
        store values[1] = v4
        store values[0] = v2
    """)
    assert body(by_demand(recorded)) == lines("""
        v0: float64 = load values[2]
        v1: float64 = load values[1]
        v2: float64 = add v1 v0
        v3: float64 = load values[0]
        store values[0] = v2
        v4: float64 = sub v0 v3
        store values[1] = v4
    """)


def test_what_nobody_uses_is_left_out():
    recorded = record(replaced, [ARRAY, ARRAY])
    assert body(recorded) == lines("""
        v0: float64 = load first[1]
        v1: float64 = mul v0 3.0
        v2: float64 = add v0 1.0
        store first[0] = v2
        v3: float64 = load first[2]
        v4: float64 = mul v3 7.0
    """)
    assert body(by_demand(recorded)) == lines("""
        v0: float64 = load first[1]
        v1: float64 = add v0 1.0
        store first[0] = v1
    """)


def test_long_chains_of_stores_are_no_recursion():
    def shift(values):
        for i in range(5000):
            values[i] = values[i + 1]

    recorded = by_demand(record(shift, [ARRAY]))
    values = np.arange(5001.0)
    run(recorded, values)
    np.testing.assert_array_equal(values[:5000], np.arange(1.0, 5001.0))


def test_memory_of_all_runs_keeps_its_order():
    def exchange(mask, run, values):
        seen = gather(values, run, mask)
        scatter(values, run, select(mask, seen + 1.0, seen), mask)

    recorded = record(exchange, [MASK, RUN, ARRAY])
    assert by_demand(recorded) is recorded
