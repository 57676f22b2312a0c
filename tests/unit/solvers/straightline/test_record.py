"""Straight-line code means the same recorded and compiled as it does on NumPy scalars."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.compiled import compiled

from solvers.straightline import (
    Argument,
    absolute,
    both,
    call,
    convert,
    difference,
    either,
    fma,
    is_finite,
    larger,
    larger_magnitude,
    literal,
    maximum,
    minimum,
    negate,
    reciprocal,
    record,
    scatter,
    select,
    smaller,
    square_root,
)

F64 = Argument(False, "float64")  # noqa: FBT003
F32 = Argument(False, "float32")  # noqa: FBT003
I64 = Argument(False, "int64")  # noqa: FBT003
ARRAY = Argument(True, "float64")  # noqa: FBT003
LANES = 8
SPECIAL = np.array([0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 1e-310])

#: Which zero is the smaller is left open, so nothing here tells zeros of both signs apart.
BINARY = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (absolute(b) + 0.5),
    minimum,
    maximum,
    lambda a, b: select(a < b, a, b),
    lambda a, b: select(both(a <= b, negate(b == 1.0)), a * 2.0, -b),
    lambda a, b: select(either(a != b, a > 0.5), a + 1.0, b),
    lambda a, b: select(is_finite(a * b), a, b),
]
UNARY = [
    lambda a: -a,
    absolute,
    lambda a: square_root(absolute(a)),
    lambda a: a * 3.0 - 1.0,
    lambda a: 1.0 / (absolute(a) + 0.25),
    lambda a: call("floor", a),
    lambda a: call("sign", a),
    lambda a: convert(convert(a, "float32"), "float64"),
]


def test_a_product_is_subtracted_by_one_multiply_add():
    def function(a, b):
        return difference(a, a * b), difference(a, b)

    operations = record(function, [F64, F64]).record.operations
    assert [o.kind for o in operations if o.kind in {"fma", "sub"}] == ["fma", "sub"]
    assert function(3.0, 5.0) == (-12.0, -2.0)


@st.composite
def graphs(draw):
    """Return a function that applies a random graph of operations to two numbers."""
    steps = draw(
        st.lists(
            st.tuples(st.integers(0, len(BINARY) + len(UNARY) - 1), st.integers(0), st.integers(0)),
            min_size=1,
            max_size=12,
        )
    )

    def function(a, b):
        values = [a, b]
        for kind, first, second in steps:
            x, y = values[first % len(values)], values[second % len(values)]
            values.append(BINARY[kind](x, y) if kind < len(BINARY) else UNARY[kind - len(BINARY)](x))
        return tuple(values[2:])

    return function


def on_scalars(function, *inputs):
    """Return what a function gives for each lane on NumPy scalars, shape (results, lanes)."""
    with np.errstate(all="ignore"):
        return np.array([function(*lane) for lane in zip(*inputs, strict=True)], dtype=np.float64).T


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    function=graphs(),
    values=st.lists(st.floats(-1e3, 1e3) | st.sampled_from(SPECIAL.tolist()), min_size=2 * LANES, max_size=2 * LANES),
)
def test_compiled_graphs_equal_numpy(function, values):
    inputs = np.array(values[:LANES]), np.array(values[LANES:])
    found = np.array(compiled(function, ["float64", "float64"], LANES)(*inputs))
    np.testing.assert_array_equal(found, on_scalars(function, *inputs))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_extremes_propagate_nan_or_leave_it_open(dtype):
    first, second = (grid.ravel().astype(dtype) for grid in np.meshgrid(SPECIAL, SPECIAL))
    lanes = len(first)
    low, high, less, more, size = compiled(
        lambda a, b: (minimum(a, b), maximum(a, b), smaller(a, b), larger(a, b), larger_magnitude(a, b)),
        [dtype, dtype],
        lanes,
    )(first, second)
    np.testing.assert_array_equal(low, np.minimum(first, second))
    np.testing.assert_array_equal(high, np.maximum(first, second))
    numbers = ~(np.isnan(first) | np.isnan(second))
    np.testing.assert_array_equal(less[numbers], np.minimum(first, second)[numbers])
    np.testing.assert_array_equal(more[numbers], np.maximum(first, second)[numbers])
    np.testing.assert_array_equal(size[numbers], np.maximum(np.abs(first), np.abs(second))[numbers])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_division_has_all_special_cases(dtype):
    first, second = (grid.ravel().astype(dtype) for grid in np.meshgrid(SPECIAL, SPECIAL))
    [found] = compiled(lambda a, b: a / b, [dtype, dtype], len(first))(first, second)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(found, first / second)


def test_fused_multiply_add_rounds_once():
    a = 1.0 + 2.0**-30
    fused, plain = compiled(lambda x: (fma(x, x, -1.0), x * x - 1.0), ["float64"], 8)(np.full(8, a))
    assert fused[0] == 2.0**-29 + 2.0**-60
    assert plain[0] == 2.0**-29


def test_conversions():
    values = np.array([0.0, 1.9, -1.9, 2.5, 1e9, -7.0, 0.1, 3.0])
    as_int, as_single, back, mask = compiled(
        lambda x: (
            convert(x, "int32"),
            convert(x, "float32"),
            convert(convert(x, "int64"), "float64"),
            convert(x > 1.0, "int32"),
        ),
        ["float64"],
        8,
    )(values)
    np.testing.assert_array_equal(as_int, values.astype(np.int32))
    np.testing.assert_array_equal(as_single, values.astype(np.float32))
    np.testing.assert_array_equal(back, np.trunc(values))
    np.testing.assert_array_equal(mask, values > 1.0)


def test_estimates_are_good_to_six_digits():
    from solvers.straightline import exp2_estimate, log2_estimate, quotient_estimate  # noqa: PLC0415

    x = np.geomspace(1e-30, 1e30, 64).astype(np.float32)
    powers = np.linspace(-125, 126, 64).astype(np.float32)
    logs, exps, ratio = compiled(
        lambda a, b: (log2_estimate(a), exp2_estimate(b), quotient_estimate(b, a)), ["float32", "float32"], 64
    )(x, powers)
    np.testing.assert_allclose(logs, np.log2(x.astype(float)), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(exps, np.exp2(powers.astype(float)), rtol=1e-6)
    np.testing.assert_allclose(ratio, powers.astype(float) / x.astype(float), rtol=1e-6)


def test_logarithms_outside_the_normal_numbers_are_as_far_out():
    from solvers.straightline import log2_estimate  # noqa: PLC0415

    x = np.array([0.0, 1e-40, np.inf, 3e38] * 16, dtype=np.float32)
    [logs] = compiled(log2_estimate, ["float32"], 64)(x)
    for found in (logs[:4], log2_estimate(x[:4])):
        assert (found[:2] <= -126).all()
        assert (found[2:] >= 127).all()


def test_powers_beyond_the_normal_numbers_are_as_far_out():
    from solvers.straightline import exp2_estimate  # noqa: PLC0415

    x = np.array([-150.0, -1e4, 150.0, 1e4] * 16, dtype=np.float32)
    [powers] = compiled(exp2_estimate, ["float32"], 64)(x)
    with np.errstate(over="ignore"):
        expected = exp2_estimate(x[:4])
    for found in (powers[:4], expected):
        assert (found[:2] <= 2.0**-126 * (1 + 1e-6)).all()
        assert (found[2:] >= 2.0**127 * (1 - 1e-6)).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_reciprocals_are_good_to_a_unit_in_the_last_place(dtype):
    x = np.concatenate([np.geomspace(1e-37, 1e37, 32), -np.geomspace(1e-37, 1e37, 32)]).astype(dtype)
    [found] = compiled(reciprocal, [dtype], 64)(x)
    exact = 1.0 / x.astype(np.longdouble)
    assert (np.abs(found - exact) <= np.spacing(np.abs(found))).all()


# -- recording ------------------------------------------------------------------------------------


def kinds(recorded):
    return [operation.kind for operation in recorded.record.operations]


def test_equal_operations_are_recorded_once():
    recorded = record(lambda a, b: (a * b + a, a * b - a, (a * b + a) * 2.0), [F64, F64])
    assert kinds(recorded).count("mul") == 2
    assert kinds(recorded).count("add") == 1


def test_zeros_of_both_signs_differ():
    recorded = record(lambda a: (a + 0.0, a + -0.0), [F64])
    assert kinds(recorded).count("constant") == 2


def test_an_element_is_loaded_once_and_stored_once():
    def function(x):
        first = x[0]
        x[0] = first + 1.0
        x[0] = x[0] * first
        return x[0] + x[1]

    recorded = record(function, [ARRAY])
    found = [kind for kind in kinds(recorded) if kind != "nothing"]
    assert found == ["load", "constant", "add", "mul", "store", "load", "add"]


def test_branching_on_a_value_is_refused():
    with pytest.raises(TypeError, match="use select"):
        record(lambda a: a if a > 0 else -a, [F64])
    with pytest.raises(TypeError, match="use select"):
        record(max, [F64, F64])


@pytest.mark.parametrize(
    "function",
    [
        lambda x, n: x + n,
        lambda x, n: x * (n > 0),
        lambda x, n: select(n > 0, x, n),
        lambda x, n: fma(x, n, x),
        lambda x, n: x < n,
    ],
)
def test_types_do_not_mix(function):
    with pytest.raises(TypeError, match="cannot combine"):
        record(function, [F64, I64])


def test_floats_widen():
    recorded = record(lambda a, b: a * b, [F32, F64])
    assert recorded.results[0].dtype == "float64"
    assert "convert" in kinds(recorded)


def test_results_have_types():
    assert record(lambda _: True, [F64]).results[0].dtype == "mask"
    with pytest.raises(TypeError, match="no type"):
        record(lambda _: 1.0, [F64])
    with pytest.raises(TypeError, match="no type"):
        record(lambda a: select(a > 0, 1.0, 2.0), [F64])


def test_plain_numbers_take_the_type_of_the_other():
    recorded = record(lambda a, n: (a + 1, n + 1, literal(a, 1, "int32")), [F32, I64])
    assert [value.dtype for value in recorded.results] == ["float32", "int64", "int32"]


def test_arguments_may_be_nested_tuples():
    recorded = record(lambda a, pair: pair[1][0][2] + a + pair[0], [F64, (F64, (ARRAY,))])
    assert kinds(recorded) == ["argument", "argument", "load", "add", "add"]


def test_scatter_converts_to_the_type_of_the_memory():
    single = Argument(True, "float32")  # noqa: FBT003
    recorded = record(lambda out, i, x: scatter(out, i, x, x > 0), [single, I64, F64])
    assert kinds(recorded)[-2:] == ["convert", "scatter"]
    assert recorded.results == ()
