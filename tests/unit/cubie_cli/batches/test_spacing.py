import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.batches.spacing import Spacing


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(1, 400), st.integers(0, 399), st.integers(0, 399))
def test_linspace_is_that_of_numpy_slice_by_slice(first, last, count, start, stop):
    start, stop = sorted((min(start, count), min(stop, count)))
    values = Spacing("linspace", first, last, count).at(np.arange(start, stop))
    assert np.array_equal(values, np.linspace(first, last, count)[start:stop])


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.integers(2, 50))
def test_logspace_has_its_ends_and_equal_ratios(first, last, count):
    values = Spacing("logspace", first, last, count).at(np.arange(count))
    assert (values[0], values[-1]) == (first, last)
    steps = np.diff(np.log(values))
    assert np.allclose(steps, (np.log(last) - np.log(first)) / (count - 1), rtol=1e-9, atol=1e-9)


def test_decades_are_exact():
    values = Spacing("logspace", 1e-3, 1e3, 7).at(np.arange(7))
    assert values.tolist() == [1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0]
