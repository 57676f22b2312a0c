"""Loops: written out, recorded or run as they stand, they come to the same."""

from functools import partial

import numpy as np
import pytest
from support.compiled import compiled

from solvers.straightline import Argument, fma, record
from solvers.straightline.loops import Table, fold, for_each, looked_up

ARRAY = Argument(True, "float64")  # noqa: FBT003
WEIGHTS = Table("float64", (1.0, 2.0, 4.0, 8.0, 16.0))
LANES = 8


def kinds(function, arguments):
    return [operation.kind for operation in record(function, arguments).record.operations]


def weighted(x, longest):
    """Return two sums over five numbers, by a loop where more than `longest` are too many."""

    def add(i, totals):
        weight = looked_up(x, WEIGHTS, i)
        return fma(weight, x, totals[0]), totals[1] + weight * weight

    return fold(x, 5, (x * 0.0, x * 0.0), add, longest=longest)


@pytest.mark.parametrize("longest", [0, 4, 5, 64])
def test_a_sum_is_the_same_written_out_and_looped(longest):
    x = np.arange(LANES, dtype=np.float64)
    found = compiled(partial(weighted, longest=longest), ["float64"], LANES)(x)
    np.testing.assert_array_equal(found[0], 31.0 * x)
    np.testing.assert_array_equal(found[1], np.full(LANES, 341.0))


def test_numbers_need_no_record():
    assert weighted(np.float64(3.0), 0) == (93.0, 341.0)


def test_sums_of_other_lengths_each_time():
    counts, firsts = Table("index", (1, 3, 0, 2)), Table("index", (0, 1, 4, 4))
    numbers = Table("float64", (1.0, 10.0, 20.0, 30.0, 100.0, 200.0))

    def nested(x):
        def outer(i, totals):
            first = looked_up(x, firsts, i)

            def inner(j, totals):
                return (totals[0] + looked_up(x, numbers, first + j),)

            (total,) = fold(x, looked_up(x, counts, i), (x * 0.0,), inner, longest=0)
            return (totals[0] * 1000.0 + total,)

        return fold(x, 4, (x * 0.0,), outer, longest=0)[0]

    assert nested(np.float64(1.0)) == 1060000300.0
    (found,) = compiled(nested, ["float64"], LANES)(np.ones(LANES))
    np.testing.assert_array_equal(found, np.full(LANES, 1060000300.0))


def test_what_a_loop_stores_is_loaded_after_it():
    def function(y):
        y[0] = 1.0
        for_each(y, 100, lambda i: y.__setitem__(i, y[i] * 2.0))
        return y[0]

    recorded = [kind for kind in kinds(function, [ARRAY]) if kind not in {"constant", "mul"}]
    assert recorded == ["store", "loop", "load at", "store at", "end loop", "load"]


def test_a_store_that_a_loop_reads_is_kept():
    def function(y, z):
        y[3] = z[0]
        for_each(y, 100, lambda i: z.__setitem__(i + 1, y[i]))
        y[3] = z[1]

    assert kinds(function, [ARRAY, ARRAY]).count("store") == 2


def test_within_a_loop_a_place_is_loaded_once_and_known_after_a_store():
    def function(y, z):
        def work(i):
            z[i] = y[i] + y[i] * y[i + 1]
            z[i] = z[i] + 1.0
            y[2] = z[i]

        for_each(y, 100, work)

    found = kinds(function, [ARRAY, ARRAY])
    assert found.count("load at") == 2
    assert "load" not in found


def test_a_store_at_an_index_may_have_changed_any_element():
    def function(y):
        def work(i):
            first = y[0]
            y[i] = first
            y[1] = y[0]

        for_each(y, 100, work)

    assert kinds(function, [ARRAY]).count("load") == 2
