"""Merging constant factors: the same meaning, fewer multiplications."""

import pytest

from solvers.straightline import Argument, fma, record
from solvers.straightline.factors import merge_factors
from solvers.straightline.order import by_demand
from solvers.straightline.record import FLOATS

ARRAY = Argument(True, "float64")  # noqa: FBT003
RATE = 10.0


def recorded(function):
    return merge_factors(record(function, [ARRAY, ARRAY]), FLOATS)


def kinds(function, arguments=(ARRAY, ARRAY)):
    """Return the kinds of the operations that are not in vain, before and after, sorted."""
    plain = record(function, arguments)
    return [
        sorted(each.kind for each in by_demand(one).record.operations) for one in (plain, merge_factors(plain, FLOATS))
    ]


def constants(function):
    operations = by_demand(recorded(function)).record.operations
    return sorted(each.detail[0] for each in operations if each.kind == "constant")


def test_a_factor_moves_into_every_weight():
    def step(y, out):
        slope = RATE * (y[0] - y[1])
        out[0] = fma(slope, 0.5, y[0])
        out[1] = fma(0.25, slope, y[1])
        out[2] = slope * 0.125

    before, after = kinds(step)
    assert before.count("mul") == 2
    assert after.count("mul") == 1
    assert after.count("fma") == 2
    assert constants(step) == [0.125 * RATE, 0.25 * RATE, 0.5 * RATE]


def test_a_slope_that_is_wanted_itself_stays():
    def step(y, out):
        slope = y[0] * RATE
        out[0] = fma(slope, 0.5, y[0])
        out[1] = slope

    before, after = kinds(step)
    assert before.count("mul") == after.count("mul") == 1
    assert constants(step) == [0.5 * RATE, RATE]


def test_what_is_no_product_of_constants_stays():
    def step(y, out):
        slope = y[1] * y[0]
        out[0] = fma(slope, 0.5, y[0])
        out[1] = fma(y[0] * RATE, y[1], y[0])
        out[2] = (y[0] * RATE) + 0.5

    before, after = kinds(step)
    assert before == after


@pytest.mark.parametrize("factor", [1e-200, 1e200, 0.0])
def test_constants_stay_in_the_range_of_every_type(factor):
    def step(y, out):
        out[0] = (y[0] * factor) * 0.5

    assert constants(step) == sorted([factor, 0.5])


@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_other_types_are_left_alone(dtype):
    one = Argument(True, dtype)  # noqa: FBT003

    def count(y, out):
        out[0] = (y[0] * 3) * 5

    plain = record(count, [one, one])
    assert merge_factors(plain, ["float64"]).record.operations == plain.record.operations


def test_results_are_kept():
    def step(y, _out):
        return (RATE * y[0]) * 0.5, y[0] * RATE

    found = recorded(step)
    operations = found.record.operations
    factors = [[operations[each] for each in operations[result.position].operands] for result in found.results]
    numbers = [each.detail[0] for pair in factors for each in pair if each.kind == "constant"]
    assert numbers == [0.5 * RATE, RATE]


def test_a_chain_becomes_one_product():
    def step(y, out):
        out[0] = ((y[0] * 2) * 3) * 5

    assert constants(step) == [30]
    assert kinds(step)[1].count("mul") == 1
