"""Searches find all that NumPy's roots say there is."""

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from solvers.integration import bernstein
from solvers.integration.roots import rounding
from solvers.integration.searches import Searches
from solvers.targets.python import PythonTarget

SEARCHES = Searches(PythonTarget(), "float64")
NONE, RISING, FALLING = np.int32(0), np.int32(1), np.int32(-1)


def in_bernstein(exact, degree):
    values = [np.float64(exact(node)) for node in bernstein.nodes(degree)]
    return tuple(map(np.float64, bernstein.through(values)))


def wiggles(seed, degree):
    """Return a polynomial with all of its roots near the step, most of them within."""
    roots = np.random.default_rng(seed).uniform(-0.1, 1.1, degree)
    return Polynomial.fromroots(roots) * 20.0, np.sort(roots[(roots > 0) & (roots < 1)])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("degree", [2, 4, 7])
def test_every_crossing_is_found(seed, degree):
    exact, roots = wiggles(seed, degree)
    if len(roots) > 1 and np.diff(roots).min() < 2e-3:
        pytest.skip("two are too near to tell")
    values = in_bernstein(exact, degree)
    threshold = np.float64(max(map(abs, values)) * rounding("float64"))
    search = SEARCHES.crossings()
    ends = np.array([0.0, *roots, 1.0])
    above = np.array([exact(middle) > 0 for middle in (ends[1:] + ends[:-1]) / 2])
    for direction in (0, 1, -1):
        found = search(True, (values, threshold, NONE, np.int32(direction)))  # noqa: FBT003
        counted = roots[direction * np.diff(above.astype(int)) >= 0]
        assert found.count == len(counted)
        if len(counted):
            np.testing.assert_allclose([found.first, found.last], [counted[0], counted[-1]], atol=1e-8)
        np.testing.assert_allclose(found.above, np.diff(ends)[above].sum(), atol=1e-8)
        np.testing.assert_allclose(found.above + found.below, 1.0, atol=1e-12)
        assert found.side == (1 if above[-1] else -1)


@pytest.mark.parametrize("seed", range(20))
def test_every_peak_and_the_highest_value_is_found(seed):
    slope, turns = wiggles(seed, 4)
    if len(turns) > 1 and np.diff(turns).min() < 2e-3:
        pytest.skip("two are too near to tell")
    exact = slope.integ()
    values = in_bernstein(exact, 5)
    peaks = turns[slope.deriv()(turns) < 0]
    heights = exact(peaks)
    for above in (-np.inf, float(np.median(heights)) - 1e-9 if len(peaks) else 0.0):
        found = SEARCHES.peaks()(True, (values, NONE, np.float64(above)))  # noqa: FBT003
        counted = heights > above
        assert found.count == counted.sum()
        if counted.any():
            np.testing.assert_allclose(
                [found.first_height, found.last_height], heights[counted][[0, -1]], rtol=1e-9, atol=1e-12
            )
            np.testing.assert_allclose([found.first, found.last], peaks[counted][[0, -1]], atol=1e-7)
            np.testing.assert_allclose(found.total, heights[counted].sum(), rtol=1e-9, atol=1e-12)
    bound = np.float64(max(values[0], values[-1]))
    top = SEARCHES.highest()(True, (values, bound))  # noqa: FBT003
    np.testing.assert_allclose(top.value, max(bound, *heights, bound), rtol=1e-9, atol=1e-12)


def test_what_is_between_steps_is_found_at_the_begin():
    rising, level = tuple(map(np.float64, (1.0, 2.0, 3.0))), np.float64(1e-15)
    crossed = SEARCHES.crossings()(True, (rising, level, FALLING, NONE))  # noqa: FBT003
    assert (crossed.count, crossed.first, crossed.above, crossed.side) == (1, 0.0, 1.0, 1)
    falling = rising[::-1]
    turned = SEARCHES.peaks()(True, (falling, RISING, np.float64(-np.inf)))  # noqa: FBT003
    assert (turned.count, turned.first, turned.first_height, turned.side) == (1, 0.0, 3.0, -1)


def test_a_touch_is_no_crossing():
    touching = in_bernstein(Polynomial([0.09, -0.6, 1.0]), 2)
    found = SEARCHES.crossings()(True, (touching, np.float64(1e-15), RISING, NONE))  # noqa: FBT003
    assert (found.count, found.side) == (0, 1)
    assert found.above == pytest.approx(1.0, abs=1e-3)


def test_searches_end_where_nothing_is_a_number():
    nothing = (np.float64("nan"),) * 4
    assert SEARCHES.crossings()(True, (nothing, np.float64("nan"), NONE, NONE)).count == 0  # noqa: FBT003
    assert SEARCHES.peaks()(True, (nothing, NONE, np.float64(0.0))).count == 0  # noqa: FBT003
    assert SEARCHES.highest()(True, (nothing, np.float64(1.0))).value == 1.0  # noqa: FBT003


def test_a_lane_that_has_nothing_to_look_for_is_left_alone():
    values = tuple(map(np.float64, (-1.0, 1.0)))
    found = SEARCHES.crossings()(False, (values, np.float64(0.0), FALLING, NONE))  # noqa: FBT003
    assert (found.count, found.side) == (0, -1)
