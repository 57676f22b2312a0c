"""Halton's sequence: the points of SciPy's to the last bit, from any place on."""

import numpy as np
import pytest
from scipy.stats import qmc

from cubie_cli.batches.halton import HaltonPoints


@pytest.mark.parametrize("dimensions", [1, 3, 60])
@pytest.mark.parametrize("count", [1, 2, 100, 4097])
def test_points_are_those_of_scipy(dimensions, count):
    assert np.array_equal(HaltonPoints(7, dimensions).block(0, count), qmc.Halton(dimensions, rng=7).random(count).T)


def test_any_place_is_near():
    engine = qmc.Halton(4, rng=3)
    engine.fast_forward(123_456)
    assert np.array_equal(HaltonPoints(3, 4).block(123_456, 10), engine.random(10).T)
