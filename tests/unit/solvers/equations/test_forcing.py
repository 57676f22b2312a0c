"""Drivers as straight-line code: values, slopes and jumps, in the interpreter and compiled for lanes."""

from itertools import product

import numpy as np
import pytest
from support.compiled import compiled
from support.forced import course

from solvers.equations.drivers import METHODS, OUTSIDE, Driver, driver_numbers, driver_tables
from solvers.equations.forcing import Forcing, right_of
from solvers.equations.instant import Instant
from solvers.straightline.setting import Setting

EVEN = np.linspace(1.0, 4.0, 9)
UNEVEN = np.array([1.0, 1.3, 1.35, 2.0, 2.9, 3.0, 3.1, 3.9, 4.0])
VALUES = np.array([0.3, -1.0, 2.0, 1.5, 0.2, 0.1, -0.7, 1.1, 0.9])
CASES = [
    (times, method, outside, closed)
    for times, method, outside, closed in product((EVEN, UNEVEN), METHODS, OUTSIDE, (False, True))
    if outside == "periodic" or not closed
]
NAMES = [f"{'even' if t is EVEN else 'uneven'}-{m}-{o}{'-closed' if c else ''}" for t, m, o, c in CASES]


def made(times, method, outside, closed):
    values = np.append(VALUES[:-1], VALUES[0]) if closed else VALUES
    return Driver("u", times, values, method, outside)


def span(driver, count=1001):
    """Return times; none is close to a jump."""
    low, high = (1.0, 4.0) if driver.outside == "error" else (-5.0, 9.0)
    return np.linspace(low, high, count, endpoint=False) + np.pi * 1e-4


@pytest.fixture(params=CASES, ids=NAMES)
def driver(request):
    return made(*request.param)


def value(forcing, t):
    return forcing.inputs([0], t)[0]


def test_values_are_those_of_the_interpolant(driver):
    forcing, t = Forcing.known([driver], "float64"), span(driver)
    found = [value(forcing, time) for time in t]
    np.testing.assert_allclose(found, course(driver, t), rtol=1e-12, atol=1e-12)


def test_slopes_are_their_derivatives(driver):
    forcing, t, h = Forcing.known([driver], "float64"), span(driver, 173), 1e-6
    found = np.array([forcing.inputs([1], time)[1] for time in t])
    expected = (course(driver, t + h) - course(driver, t - h)) / (2.0 * h)
    # Some difference may be taken across a row, where the slope jumps.
    close = np.abs(found - expected) < 1e-6
    assert close.mean() > 0.97


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_lanes_find_the_same(driver, precision):
    code = Forcing.make([driver], [0], Setting, precision)
    tables = driver_tables([driver], precision)
    numbers = driver_numbers([driver]) | {name: table.ctypes.data for name, table in tables.items()}
    run = compiled(lambda t: tuple(code.inputs([0, 1], t)), ["float64"], 8, numbers)
    forcing, t = Forcing.known([driver], precision), span(driver, 64)
    found = np.concatenate([run(part) for part in t.reshape(-1, 8)], axis=1)
    expected = np.array([forcing.inputs([0, 1], time) for time in t]).T
    assert found.dtype == precision
    rounding = 100 * np.finfo(precision).eps
    np.testing.assert_allclose(found, expected, rtol=rounding, atol=rounding)


def test_stretches_end_at_jumps_and_only_there(driver):
    forcing, t, end = Forcing.known([driver], "float64"), np.float64(-3.0), np.float64(8.0)
    stops = []
    while t < end:
        t = forcing.following(right_of(t), end)
        stops.append(float(t))
    times = driver.times
    if driver.outside == "periodic":
        times = np.concatenate([times[:-1] + 3.0 * turn for turn in range(-3, 3)])
    jumping = abs(course(driver, times + 1e-9) - course(driver, times - 1e-9)) > 1e-6
    expected = [time for time in times[jumping] if -3.0 < time < 8.0]
    if driver.method == "hold":
        # A row that has the value of the one before is a stop as well.
        assert set(np.round(expected, 9)) <= set(np.round(stops, 9))
        assert {*np.round(stops, 9)} <= {*np.round(times, 9), 8.0}
    else:
        np.testing.assert_allclose(stops[:-1], expected, rtol=1e-14)
    assert stops == sorted(set(stops))


@pytest.mark.parametrize("outside", ["hold", "zero", "periodic", "error"])
@pytest.mark.parametrize("times", [EVEN, UNEVEN], ids=["even", "uneven"])
def test_on_a_stretch_the_value_is_that_of_its_middle(times, outside):
    forcing = Forcing.known([made(times, "hold", outside, closed=False)], "float64")
    for start, end, held in zip(times[:-1], times[1:], VALUES, strict=False):
        t = Instant(start, (start + end) / 2.0)
        for time in (start - 0.01, start, (start + 2.0 * end) / 3.0, end, end + 0.01):
            assert value(forcing, t._replace(time=time)) == held


@pytest.mark.parametrize("times", [EVEN, UNEVEN], ids=["even", "uneven"])
def test_a_course_that_jumps_where_it_repeats_is_that_of_its_stretch_at_its_ends(times):
    forcing = Forcing.known([made(times, "linear", "periodic", closed=False)], "float64")
    for start, end, held in ((4.0, 4.0, VALUES[0]), (6.95, 7.0, VALUES[-1])):
        t = Instant(np.float64(start), np.float64(5.5))
        assert value(forcing, t._replace(time=np.float64(end))) == pytest.approx(held, abs=1e-14)


def test_a_time_with_a_row_sees_what_begins_there():
    """Saved values are right-continuous; the rows' times are computed, and so is the time."""
    times = np.arange(11) * 0.1
    driver = Driver("u", times, np.arange(11.0), "hold", "periodic")
    assert driver.shape.even
    forcing = Forcing.known([driver], "float64")
    for number in range(200):
        assert value(forcing, np.float64(number / 10.0)) == number % 10


@pytest.mark.parametrize(("times", "even"), [(EVEN, True), (UNEVEN, False), (np.arange(7) * 0.1 + 1e6, True)])
def test_equal_distances_are_seen_through_rounding(times, even):
    assert Driver("u", times, times).shape.even is even


RNG = np.random.default_rng(5)
SEARCHED = {
    "few": (np.array([0.0, 1.0, 5.0, 5.1]), 2, False),
    "jittered": (np.arange(500.0) + RNG.uniform(-0.3, 0.3, 500), 1, True),
    "random": (np.sort(RNG.uniform(0.0, 1.0, 500)), 3, True),
    "crowded": (np.append(np.linspace(0.0, 1e-6, 400), np.arange(1.0, 101.0)), 9, False),
}


@pytest.mark.parametrize("case", SEARCHED)
@pytest.mark.parametrize("outside", ["hold", "zero", "periodic"])
@pytest.mark.parametrize("method", ["hold", "linear"])
def test_rows_at_any_distances_are_found(case, outside, method):
    times, levels, guided = SEARCHED[case]
    driver = Driver("u", times, np.cos(np.arange(float(len(times)))), method, outside)
    assert (driver.shape.levels, driver.shape.guided) == (levels, guided)
    forcing = Forcing.known([driver], "float64")
    width = times[-1] - times[0]
    inner = times[:-1] + np.diff(times) * np.array([[0.1], [0.9]])
    for t in [*np.ravel(inner)[::7], times[0] - 0.3 * width, times[-1] + 0.4 * width]:
        assert value(forcing, t) == pytest.approx(float(course(driver, t)), abs=1e-9)


def test_what_code_depends_on_is_not_the_rows():
    shapes = {Driver("u", np.arange(float(n)), np.arange(float(n)), "cubic", "zero").shape for n in (2, 5, 1000)}
    assert len(shapes) == 1
    stretched = [Driver("u", UNEVEN * factor, VALUES * factor).shape for factor in (1.0, 3.0)]
    assert stretched[0] == stretched[1]


def test_only_drivers_that_are_asked_for_are_looked_up():
    def given(name):
        assert name.startswith("drivers[1]")
        return tables[name]

    pair = [made(EVEN, "linear", "hold", closed=False), made(UNEVEN, "cubic", "hold", closed=False)]
    tables = driver_numbers(pair) | driver_tables(pair, "float64")
    found = Forcing.make(pair, [1], given, "float64").inputs([1], np.float64(2.5))
    assert [each is None for each in found] == [True, False, True, True]
