"""Where steps over a table have to end: they pass by nothing that they have not seen."""

import numpy as np
import pytest

from solvers.equations.lookouts import most_pieces, step_ends

TIMES = np.linspace(0.0, 10.0, 1001)
PIECES = np.arange(1000)


def ends(values, most=1000):
    return step_ends(TIMES, values, most)


def spike(row, height=1.0):
    return np.where(np.arange(1001) == row, height, 0.0)


@pytest.mark.parametrize("values", [0.0 * TIMES + 3.0, 2.0 * TIMES, np.exp(-TIMES), 5.0 + 1e-6 * np.sin(300.0 * TIMES)])
def test_what_has_no_turns_holds_nobody_up(values):
    assert (ends(values) == 1000).all()


def test_no_step_is_longer_than_it_may_be():
    found = ends(0.0 * TIMES, most=7)
    assert (found == np.minimum(PIECES + 7, 1000)).all()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
@pytest.mark.parametrize("ramp", [0.0, 0.01, -3.0])
def test_a_spike_of_one_row_is_not_passed_by(scale, ramp):
    found = ends(scale * (spike(500) + ramp * TIMES))
    assert (found[PIECES < 499] <= 499).all()
    assert found[499:501].tolist() == [500, 501]


def test_a_smooth_pulse_is_seen_before_it_is_over():
    found = ends(np.exp(-(((TIMES - 5.0) / 0.1) ** 2)))
    assert (found[PIECES <= 480] <= 505).all()
    assert (found[PIECES <= 495] <= 512).all()
    assert found[PIECES <= 400].min() > 450


def test_a_small_pulse_counts_by_what_is_near_it():
    found = ends(spike(300) + 1000.0 * (TIMES > 8.0))
    assert (found[PIECES < 299] <= 299).all()


def test_a_smooth_wave_allows_a_step_of_a_fifth_of_its_period():
    found = ends(np.sin(2.0 * np.pi * TIMES / 2.0))
    assert np.median(found - PIECES) > 40
    assert (found - PIECES)[:900].min() >= 20


def test_steps_end_where_lines_bend():
    times = np.array([0.0, 6.0, 18.0, 24.0, 30.0])
    assert step_ends(times, np.array([0.0, 1.0, 0.0, 0.0, 0.5]), 30).tolist() == [1, 2, 3, 4]


def test_lookouts_for_long_tables_are_shorter():
    assert [most_pieces(rows) for rows in (10, 1000, 20_000, 10**5, 10**7)] == [1000, 1000, 100, 20, 8]
