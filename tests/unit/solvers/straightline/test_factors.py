"""Merging constant factors: the same meaning, fewer multiplications."""

import pytest
from support.texts import body, lines

from solvers.straightline import Argument, fma, record
from solvers.straightline.factors import MOST_MERGED, merge_factors
from solvers.straightline.order import by_demand
from solvers.straightline.record import FLOATS
from solvers.straightline.setting import Setting

ARRAY = Argument(True, "float64")  # noqa: FBT003
RATE = 10.0


def versions(function):
    """Return a function's text before and after."""
    recorded = record(function, [ARRAY, ARRAY])
    return body(recorded), body(merge_factors(recorded, FLOATS))


def test_a_factor_moves_into_every_weight():
    def step(y, out):
        slope = RATE * (y[0] - y[1])
        out[0] = fma(slope, 0.5, y[0])
        out[1] = fma(0.25, slope, y[1])
        out[2] = slope * 0.125

    before, after = versions(step)
    assert before == lines("""
        v0: float64 = load y[0]
        v1: float64 = load y[1]
        v2: float64 = sub v0 v1
        v3: float64 = mul 10.0 v2
        v4: float64 = fma v3 0.5 v0
        store out[0] = v4
        v5: float64 = fma 0.25 v3 v1
        store out[1] = v5
        v6: float64 = mul v3 0.125
        store out[2] = v6
    """)
    assert after == lines("""
        v0: float64 = load y[0]
        v1: float64 = load y[1]
        v2: float64 = sub v0 v1
        v3: float64 = mul 10.0 v2
        v4: float64 = fma v2 5.0 v0
        store out[0] = v4
        v5: float64 = fma v2 2.5 v1
        store out[1] = v5
        v6: float64 = mul v2 1.25
        store out[2] = v6
    """)


def test_a_product_that_nobody_wants_any_more_is_left_out_by_demand():
    def step(y, out):
        out[0] = fma(RATE * y[1], 0.5, y[0])

    assert body(by_demand(merge_factors(record(step, [ARRAY, ARRAY]), FLOATS))) == lines("""
        v0: float64 = load y[0]
        v1: float64 = load y[1]
        v2: float64 = fma v1 5.0 v0
        store out[0] = v2
    """)


def test_a_slope_that_is_wanted_itself_stays():
    def step(y, out):
        slope = y[0] * RATE
        out[0] = fma(slope, 0.5, y[0])
        out[1] = slope

    before, after = versions(step)
    assert before == lines("""
        v0: float64 = load y[0]
        v1: float64 = mul v0 10.0
        v2: float64 = fma v1 0.5 v0
        store out[0] = v2
        store out[1] = v1
    """)
    assert after == lines("""
        v0: float64 = load y[0]
        v1: float64 = mul v0 10.0
        v2: float64 = fma v0 5.0 v0
        store out[0] = v2
        store out[1] = v1
    """)


def test_what_is_no_product_of_constants_stays():
    def step(y, out):
        slope = y[1] * y[0]
        out[0] = fma(slope, 0.5, y[0])
        out[1] = fma(y[0] * RATE, y[1], y[0])
        out[2] = (y[0] * RATE) + 0.5

    before, after = versions(step)
    assert before == after


@pytest.mark.parametrize("factor", [1e-200, 1e200, 0.0])
def test_constants_stay_in_the_range_of_every_type(factor):
    def step(y, out):
        out[0] = (y[0] * factor) * 0.5

    before, after = versions(step)
    assert before == after


def test_a_setting_takes_a_constant_over():
    h = Setting("h")

    def step(y, out):
        slope = RATE * y[0]
        out[0] = fma(slope, h * 0.25, y[0])
        out[1] = (y[0] * h) * 0.5
        out[2] = (y[0] * h) * h
        out[3] = (y[0] * 1e-9) * h

    _, after = versions(step)
    assert after == lines("""
        v0: float64 = load y[0]
        v1: float64 = mul 10.0 v0
        v2: float64 = fma v0 (10.0*(h*0.25)) v0
        store out[0] = v2
        v3: float64 = mul v0 h
        v4: float64 = mul v0 (0.5*h)
        store out[1] = v4
        v5: float64 = mul v3 h
        store out[2] = v5
        v6: float64 = mul v0 1e-09
        v7: float64 = mul v6 h
        store out[3] = v7
    """)


def test_merged_settings_do_not_outgrow_a_cache():
    h = Setting("h")

    def step(y, out):
        for i in range(2 * MOST_MERGED):
            out[i] = (y[i] * (1.0 + i)) * h

    recorded = merge_factors(record(step, [ARRAY, ARRAY]), FLOATS)
    used = {operation.detail for operation in recorded.record.operations if operation.kind == "setting"}
    assert len(used) == MOST_MERGED + 1


@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_other_types_are_left_alone(dtype):
    one = Argument(True, dtype)  # noqa: FBT003

    def count(y, out):
        out[0] = (y[0] * 3) * 5

    plain = record(count, [one, one])
    assert str(merge_factors(plain, ["float64"])) == str(plain)


def test_results_are_kept():
    def step(y, _out):
        return (RATE * y[0]) * 0.5, y[0] * RATE

    before, after = versions(step)
    assert before == lines("""
        v0: float64 = load y[0]
        v1: float64 = mul 10.0 v0
        v2: float64 = mul v1 0.5
        v3: float64 = mul v0 10.0
        return v2 v3
    """)
    assert after == lines("""
        v0: float64 = load y[0]
        v1: float64 = mul 10.0 v0
        v2: float64 = mul v0 5.0
        v3: float64 = mul v0 10.0
        return v2 v3
    """)


def test_a_chain_becomes_one_product():
    def step(y, out):
        out[0] = ((y[0] * 2) * 3) * 5

    _, after = versions(step)
    assert after == lines("""
        v0: float64 = load y[0]
        v1: float64 = mul v0 2.0
        v2: float64 = mul v0 6.0
        v3: float64 = mul v0 30.0
        store out[0] = v3
    """)
