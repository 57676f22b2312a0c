"""Batches: the values of every run, and refusals."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.batches.axes import Axes, Axis


def axis(name, *values):
    return Axis(name, "list", values, len(values))


def test_a_grid_takes_every_combination_last_axis_fastest():
    axes = Axes((axis("a", 1.0, 2.0), axis("b", 3.0, 4.0, 5.0)))
    assert axes.count == 6
    assert axes.values(0, 6).T.tolist() == [list(pair) for pair in itertools.product([1, 2], [3, 4, 5])]


def test_zip_pairs_values_and_repeats_a_single_number():
    axes = Axes((axis("a", 1.0, 2.0), Axis("b", "number", (7.0,), 1)), "zip")
    assert axes.count == 2
    assert axes.values(0, 2).tolist() == [[1.0, 2.0], [7.0, 7.0]]


def test_no_axes_are_one_run():
    for mode in ("grid", "zip"):
        assert Axes((), mode).count == 1
        assert Axes((), mode).values(0, 1).shape == (0, 1)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(1, 400), st.integers(0, 399), st.integers(0, 399))
def test_linspace_is_that_of_numpy_slice_by_slice(first, last, count, start, stop):
    axes = Axes((Axis("a", "linspace", (first, last), count),))
    start, stop = sorted((min(start, count), min(stop, count)))
    assert np.array_equal(axes.values(start, stop)[0], np.linspace(first, last, count)[start:stop])


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.integers(2, 50))
def test_logspace_has_its_ends_and_equal_ratios(first, last, count):
    values = Axes((Axis("a", "logspace", (first, last), count),)).values(0, count)[0]
    assert (values[0], values[-1]) == (first, last)
    steps = np.diff(np.log(values))
    assert np.allclose(steps, (np.log(last) - np.log(first)) / (count - 1), rtol=1e-9, atol=1e-9)


def test_decades_are_exact():
    values = Axes((Axis("a", "logspace", (1e-3, 1e3), 7),)).values(0, 7)[0]
    assert values.tolist() == [1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_a_slice_of_a_grid_is_the_slice_of_the_whole(counts, data):
    axes = Axes(tuple(Axis(f"a{n}", "linspace", (0.0, float(n + 1)), count) for n, count in enumerate(counts)))
    start = data.draw(st.integers(0, axes.count))
    stop = data.draw(st.integers(start, axes.count))
    assert np.array_equal(axes.values(start, stop), axes.values(0, axes.count)[:, start:stop])


def test_a_huge_grid_takes_no_memory():
    axes = Axes(tuple(Axis(name, "linspace", (0.0, 1.0), 10**6) for name in "abcd"))
    assert axes.count == 10**24
    assert axes.values(10**6, 10**6 + 2)[:, 0].tolist() == [0.0, 0.0, 1 / (10**6 - 1), 0.0]
    assert Axis("a", "linspace", (0.0, 1.0), 10**30).count == 10**30
    with pytest.raises(IndexError):
        axes.values(10**24 - 1, 10**24)
    with pytest.raises(IndexError):
        axes.values(0, 10**24 + 1)


def test_axes_are_read_in_the_order_written(files):
    files.append_run("[batch.values]\nk = { logspace = [1, 100, 3] }\nx = [5, 6]\ny = 7\n")
    axes = files.load().axes
    assert (axes.names, axes.count) == (("k", "x", "y"), 6)
    assert np.allclose(axes.values(2, 4), [[10.0, 10.0], [5.0, 6.0], [7.0, 7.0]])


@pytest.mark.parametrize(
    ("mode", "line", "column", "words"),
    [
        ("grid", "c = [1.0]", 1, ["'c' is a constant, which cannot be swept", "[parameters]"]),
        ("grid", "v = [1.0]", 1, ["observable"]),
        ("grid", "kk = [1.0]", 1, ["no parameter or state 'kk'", "did you mean 'k'"]),
        ("grid", "k = []", 5, ["'k' has no values"]),
        ("grid", "k = [1.0, nan]", 11, ["finite"]),
        ("grid", "k = [1.0, '2']", 11, ["a number is needed"]),
        ("grid", "k = true", 5, ["a number is needed"]),
        ("grid", "k = '1:10'", 5, ["linspace"]),
        ("grid", "k = { linspace = [0, 1, 0] }", 25, ["'k' has no values"]),
        ("grid", "k = { linspace = [0, 1, 2.0] }", 25, ["whole number"]),
        ("grid", "k = { linspace = [0, 1] }", 18, ["[first, last, number of values]"]),
        ("grid", "k = { linspace = [0, inf, 3] }", 22, ["finite"]),
        ("grid", "k = { linspace = [-1e308, 1e308, 3] }", 18, ["too far apart"]),
        ("grid", "k = { logspace = [0, 1, 3] }", 18, ["positive", "not exponents"]),
        ("grid", "k = { linspce = [0, 1, 3] }", 7, ["unknown key 'linspce'", "did you mean 'linspace'"]),
        ("grid", "k = {}", 5, ["one of linspace and logspace"]),
        ("grid", "k = { uniform = [0, 1] }", 5, ["not available"]),
        ("zip", "k = [1, 2]\nx = [1, 2, 3]", None, ["'k' has 2 values, 'x' has 3", "zip"]),
        ("zip", "k = [1]\nx = [1, 2, 3]", None, ["'k' has 1 values, 'x' has 3"]),
    ],
)
def test_mistakes_are_told_with_their_place(files, mode, line, column, words):
    files.append_run(f'[batch]\nmode = "{mode}"\n[batch.values]\n{line}\n')
    error = files.refused()
    assert error.line == 9
    assert column in (None, error.column)
    assert all(word in str(error) for word in words), str(error)


def test_a_sample_is_spread_over_the_batch():
    axes = Axes((Axis("k", "linspace", (0.0, 99.0), 100),))
    np.testing.assert_array_equal(axes.sample(4), [[0.0, 25.0, 50.0, 75.0]])
    np.testing.assert_array_equal(axes.sample(1000), axes.values(0, 100))
    assert Axes((Axis("k", "linspace", (0.0, 1.0), 10**12),)).sample(3).shape == (1, 3)


FINE = Axis("fine", "linspace", (0.0, 1.0), 4096)
COARSE = Axis("coarse", "logspace", (0.1, 1.0), 8)
RISING = Axis("rising", "list", tuple(float(i) for i in range(4096)), 4096)
RANDOM = Axis("random", "list", tuple(np.random.default_rng(1).random(4096).tolist()), 4096)
ONE = Axis("one", "number", (1.0,), 1)


@pytest.mark.parametrize(
    ("axes", "disorder"),
    [
        (Axes(()), 0),
        (Axes((ONE,)), 0),
        (Axes((COARSE, FINE, ONE)), 0),
        (Axes((FINE, COARSE)), 2),
        (Axes((RANDOM, RISING)), 0),
        (Axes((ONE, RISING, RANDOM, COARSE)), 3),
        (Axes((FINE, RISING, ONE), "zip"), 0),
        (Axes((FINE, RANDOM), "zip"), 2),
    ],
)
def test_a_batch_is_in_disorder_where_neighbours_differ(axes, disorder):
    assert axes.disorder == disorder
