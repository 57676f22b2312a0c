"""Elements dealt among threads: each is held once, neighbours together, and values find their way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.threads import Lanes

from solvers.straightline import are_finite, select
from solvers.straightline.dealing import Whole, chosen, deal, exchanged, in_lanes, over_lanes, read
from solvers.straightline.loops import Repeated, by_lane
from solvers.straightline.setting import Setting

THREADS = [1, 2, 4, 8, 16, 32]


def plain(count, lanes):
    return deal([0] * count, [[]] * count, lanes)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=90), st.sampled_from(THREADS), st.integers(0, 5))
def test_each_element_is_held_once(kinds, lanes, distance):
    count = len(kinds)
    dealing = deal(kinds, [[(i + distance) % count] for i in range(count)], lanes)
    held = [each for row in dealing.slots for each in row if each is not None]
    assert sorted(held) == list(range(count))
    assert all(dealing.slots[slot][lane] == each for each, (slot, lane) in dealing.places.items())
    assert len(dealing.places) == count


def test_blocks_are_of_neighbours():
    assert plain(7, 2).slots == ((0, 4), (1, 5), (2, 6), (3, None))


def test_vectors_are_dealt_one_after_the_other():
    dealing = deal(["a"] * 8 + ["b"] * 12, [[]] * 20, 4)
    assert dealing.slots[:2] == ((0, 2, 4, 6), (1, 3, 5, 7))
    assert dealing.slots[2:] == ((8, 11, 14, 17), (9, 12, 15, 18), (10, 13, 16, 19))


def test_a_lane_gets_whole_cells():
    # Of 20 states 5 a lane would do, which mixes the kinds of cells.
    dealing = deal(["v", "w"] * 10, [[]] * 20, 4)
    assert len(dealing.slots) == 6
    assert [{each % 2 for each in row if each is not None} for row in dealing.slots] == [{0}, {1}] * 3


def test_a_grid_is_dealt_by_rows():
    # 6 rows of 5: a lane with two of them reads as far on in each slot.
    reads = [[(i + 5) % 30, (i - 5) % 30, (i + 1) % 30] for i in range(30)]
    kinds = ["edge" if i % 5 in {0, 4} else "inner" for i in range(30)]
    assert len(deal(kinds, reads, 4).slots) == 10


ROUTES = {
    "on": lambda lanes: [(lane + 1) % lanes for lane in range(lanes)],
    "back, from some": lambda lanes: [lane - 1 if lane else None for lane in range(lanes)],
    "one": lambda lanes: [lanes - 1] * lanes,
    "crosswise": lambda lanes: [lane ^ 1 for lane in range(lanes)],
    "any": lambda lanes: [lane * lane % lanes for lane in range(lanes)],
    "own": lambda lanes: list(range(lanes)),
}


@pytest.mark.parametrize("lanes", [2, 4, 8])
@pytest.mark.parametrize("route", ROUTES)
def test_values_come_from_their_sources(route, lanes):
    sources = ROUTES[route](lanes)
    values = np.arange(2.0 * lanes)
    found = Lanes(lanes, runs=2).run(lambda x: exchanged(x, sources), values)
    for lane, source in enumerate(sources * 2):
        if source is not None:
            assert found[lane] == lane - lane % lanes + source


def test_what_is_ones_own_is_not_handed_over():
    def function(x):
        assert exchanged(x, [0, 1, None, 3]) is x
        return x

    Lanes(4).run(function, np.zeros(4))


@pytest.mark.parametrize("lanes", [2, 8, 32])
def test_sums_are_the_same_in_all_lanes(lanes):
    values = np.random.default_rng(lanes).normal(size=3 * lanes)
    found = Lanes(lanes, runs=3).run(lambda x: over_lanes(x, lanes), values).reshape(3, lanes)
    assert (found == found[:, :1]).all()
    np.testing.assert_allclose(found[:, 0], values.reshape(3, lanes).sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("count", [5, 8, 11])
def test_totals_are_of_elements_alone(count):
    dealing = plain(count, 4)
    elements = Repeated(count, dealing=dealing)
    numbers = [float(10**i) for i in range(count)]

    def total(y):
        def add(i, totals):
            return (totals[0] + elements.number(y, "float64", numbers, i) * y[i],)

        return elements.fold(y, (y[0] * 0.0,), add)

    held = dealt(dealing, np.arange(count) % 3 + 1.0, nothing=7.0)
    (found,) = Lanes(4).run(total, held)
    assert (found == sum(number * (i % 3 + 1) for i, number in enumerate(numbers))).all()


@pytest.mark.parametrize("bad", [None, 0, 4])
def test_finite_is_what_all_lanes_have_finite(bad):
    dealing = plain(5, 4)
    values = np.ones(5)
    if bad is not None:
        values[bad] = np.inf
    held = dealt(dealing, values, nothing=np.nan)
    sound = Lanes(4).run(lambda y: are_finite(y, Repeated(5, dealing=dealing)), held)
    assert (sound == (bad is None)).all()


def dealt(dealing, values, nothing):
    """Return what lanes hold of values."""
    return np.array([[nothing if each is None else values[each] for each in row] for row in dealing.slots])


def test_elements_are_read_whoever_holds_them():
    dealing = plain(11, 4)
    held = dealt(dealing, np.arange(11.0), nothing=-1.0)
    wanted = [10, None, 3, 0]
    found = Lanes(4).run(lambda y: read(y, dealing, wanted), held)
    assert [found[0], found[2], found[3]] == [10.0, 3.0, 0.0]
    assert (Lanes(4).run(lambda y: Whole(y, dealing)[7], held) == 7.0).all()


def test_elements_are_set_where_they_are_held():
    dealing = plain(11, 4)
    held, expected = dealt(dealing, np.arange(11.0), nothing=-1.0), np.arange(11.0)
    expected[[7, 8]] = 3.0, 30.0

    def change(y):
        whole = Whole(y, dealing)
        whole[7] = whole[3]
        whole[8] = whole[7] * 10.0

    Lanes(4, runs=2).run(change, both := np.tile(held, 2))
    assert (both == np.tile(dealt(dealing, expected, nothing=-1.0), 2)).all()


def test_numbers_by_lane():
    lanes, level = Lanes(4, numbers={"level": 5.0}), Setting("level")
    settings = [level, level * 2.0, None, level * 3.0]
    found = lanes.run(lambda x: by_lane(x, "float64", settings), np.zeros(4))
    assert found[[0, 1, 3]].tolist() == [5.0, 10.0, 15.0]
    places = [None, 0, 4, 2]
    found = lanes.run(lambda y: y[by_lane(y, "index", places)], np.arange(20.0).reshape(5, 4))
    assert found[1:].tolist() == [1.0, 18.0, 11.0]
    line = lanes.run(lambda y: y[by_lane(y, "index", [1, 2, 3, 4])], np.arange(20.0).reshape(5, 4))
    assert line.tolist() == [4.0, 9.0, 14.0, 19.0]


def test_some_lanes_are_chosen():
    held = [True, False, False, True]
    found = Lanes(4).run(lambda x: chosen(held, x, x * 0.0), np.ones(4))
    assert found.tolist() == [1.0, 0.0, 0.0, 1.0]
    found = Lanes(4).run(lambda x: select(in_lanes(x.record, held), x, x * 2.0), np.ones(4))
    assert found.tolist() == [1.0, 2.0, 2.0, 1.0]
