"""Sobol's sequence: the points of SciPy's to the last bit, from any place on."""

import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from cubie_cli.batches.sobol import OWN_DIMENSIONS, SobolPoints


def scipys(engine, count):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no power of two
        return engine.random(count).T


@pytest.mark.parametrize("dimensions", [1, 3, OWN_DIMENSIONS, OWN_DIMENSIONS + 1])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 100, 4097])
def test_points_are_those_of_scipy(dimensions, count):
    found = SobolPoints(7, dimensions, count).block(0, count)
    assert np.array_equal(found, scipys(qmc.Sobol(dimensions, rng=7), count))


@pytest.mark.parametrize("dimensions", [2, OWN_DIMENSIONS, OWN_DIMENSIONS + 1])
def test_longer_sequences_have_more_digits(dimensions):
    points = SobolPoints(7, dimensions, 2**31)
    assert np.array_equal(points.block(0, 300), scipys(qmc.Sobol(dimensions, bits=64, rng=7), 300))
    assert points.block(2**31 - 2, 2).max() < 1.0


def test_any_place_is_near():
    engine = qmc.Sobol(4, rng=3)
    engine.fast_forward(1_234_567)
    assert np.array_equal(SobolPoints(3, 4, 10**9).block(1_234_567, 10), engine.random(10).T)


@given(st.integers(1, 12), st.integers(0, 3))
def test_points_are_balanced(digits, seed):
    count = 1 << digits
    for row in SobolPoints(seed, 5, count).block(0, count):
        assert np.array_equal(np.sort(np.floor(row * count)), np.arange(count))


def test_scipy_is_needed_for_many_dimensions_only(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert SobolPoints(0, OWN_DIMENSIONS, 4).block(0, 4).shape == (OWN_DIMENSIONS, 4)
    with pytest.raises(ImportError):
        SobolPoints(0, OWN_DIMENSIONS + 1, 4).block(0, 4)
