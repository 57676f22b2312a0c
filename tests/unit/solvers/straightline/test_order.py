"""Ordering by demand: the same meaning, fewer values alive at once."""

import numpy as np
import pytest

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


@pytest.mark.parametrize("function", [ring, swapped, replaced])
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


def test_what_nobody_uses_is_left_out():
    kinds = [operation.kind for operation in by_demand(record(replaced, [ARRAY, ARRAY])).record.operations]
    assert kinds.count("store") == 1
    assert "mul" not in kinds
    assert "nothing" not in kinds


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
