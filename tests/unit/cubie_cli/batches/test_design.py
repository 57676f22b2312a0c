"""Batches: the values of every run."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cubie_cli.batches.design import Design
from cubie_cli.batches.distributions import Flat, Normal
from cubie_cli.batches.parts import Axis, Listed, Same, Table, Together
from cubie_cli.batches.points import METHODS
from cubie_cli.batches.sample import Sample
from cubie_cli.batches.spacing import Spacing


def axis(name, *values):
    return Axis(name, Listed(np.array(values)))


def even(name, first, last, count):
    return Axis(name, Spacing("linspace", first, last, count))


def zipped(*parts):
    return Design((Together(parts),))


def test_a_grid_takes_every_combination_last_axis_fastest():
    design = Design((axis("a", 1.0, 2.0), axis("b", 3.0, 4.0, 5.0)))
    assert design.count == 6
    assert design.values(0, 6).T.tolist() == [list(pair) for pair in itertools.product([1, 2], [3, 4, 5])]


def test_zip_pairs_values_and_repeats_a_single_number():
    design = zipped(axis("a", 1.0, 2.0), Same("b", 7.0))
    assert design.count == 2
    assert design.values(0, 2).tolist() == [[1.0, 2.0], [7.0, 7.0]]


def test_nothing_swept_is_one_run():
    for design in (Design(), zipped()):
        assert design.count == 1
        assert design.values(0, 1).shape == (0, 1)
        assert design.axes == {}


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_a_slice_of_a_grid_is_the_slice_of_the_whole(counts, data):
    design = Design(tuple(even(f"a{n}", 0.0, n + 1.0, count) for n, count in enumerate(counts)))
    start = data.draw(st.integers(0, design.count))
    stop = data.draw(st.integers(start, design.count))
    assert np.array_equal(design.values(start, stop), design.values(0, design.count)[:, start:stop])


def test_a_huge_grid_takes_no_memory():
    design = Design(tuple(even(name, 0.0, 1.0, 10**6) for name in "abcd"))
    assert design.count == 10**24
    assert design.values(10**6, 10**6 + 2)[:, 0].tolist() == [0.0, 0.0, 1 / (10**6 - 1), 0.0]
    assert even("a", 0.0, 1.0, 10**30).count == 10**30
    with pytest.raises(IndexError):
        design.values(10**24 - 1, 10**24)
    with pytest.raises(IndexError):
        design.values(0, 10**24 + 1)


def test_a_sample_is_spread_over_the_batch():
    design = Design((even("k", 0.0, 99.0, 100),))
    np.testing.assert_array_equal(design.sample(4), [[0.0, 25.0, 50.0, 75.0]])
    np.testing.assert_array_equal(design.sample(1000), design.values(0, 100))
    assert Design((even("k", 0.0, 1.0, 10**12),)).sample(3).shape == (1, 3)


PATIENTS = Together((Table(("CL", "V"), np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])), Same("ka", 7.0)), "patient")
PAIR = Together((axis("on", 0.0, 4.0), axis("off", 1.0, 5.0)), "window")


def test_groups_are_axes_of_a_grid():
    design = Design((axis("dose", 50.0, 100.0), PATIENTS, PAIR))
    assert design.names == ("dose", "CL", "V", "ka", "on", "off")
    assert design.axes == {"dose": 2, "patient": 3, "window": 2}
    expected = [
        [dose, clearance, 10.0 * clearance, 7.0, on, on + 1.0]
        for dose, clearance, on in itertools.product([50.0, 100.0], [1.0, 2.0, 3.0], [0.0, 4.0])
    ]
    assert design.values(0, 12).T.tolist() == expected
    assert np.array(design.indices(3, 8)).T.tolist() == [[0, 1, 1], [0, 2, 0], [0, 2, 1], [1, 0, 0], [1, 0, 1]]


@given(st.sampled_from(METHODS), st.integers(1, 40), st.permutations(range(3)), st.data())
def test_a_slice_of_groups_is_the_slice_of_the_whole(method, count, order, data):
    drawn = Sample((Normal("k", 1.0, 0.3, logarithmic=True), Flat("x", -1.0, 1.0)), count, method, 5)
    factors = (axis("dose", 50.0, 100.0), PATIENTS, Together((drawn,), "prior"))
    design = Design(tuple(factors[place] for place in order))
    start = data.draw(st.integers(0, design.count))
    stop = data.draw(st.integers(start, design.count))
    assert np.array_equal(design.values(start, stop), design.values(0, design.count)[:, start:stop])
    runs = data.draw(st.permutations(range(min(design.count, 20))))
    assert np.array_equal(design.at(np.array(runs)), design.values(0, design.count)[:, runs])


def test_positions_are_told_along_two_axes_or_more():
    assert Design((axis("dose", 1.0, 2.0), Same("k", 3.0))).indexed == ()
    assert Design((axis("dose", 1.0), Same("k", 3.0), PAIR)).indexed == ("dose", "window")
    assert zipped(axis("a", 1.0, 2.0), axis("b", 1.0, 2.0)).axes == {}


FINE = Axis("fine", Spacing("linspace", 0.0, 1.0, 4096))
COARSE = Axis("coarse", Spacing("logspace", 0.1, 1.0, 8))
RISING = Axis("rising", Listed(np.arange(4096.0)))
RANDOM = Axis("random", Listed(np.random.default_rng(1).random(4096)))
ONE = Same("one", 1.0)
DRAWN = Together((Sample((Flat("d", 0.0, 1.0), Flat("e", 0.0, 1.0)), 100, "random", 0), ONE), "drawn")


@pytest.mark.parametrize(
    ("design", "disorder"),
    [
        (Design(), 0),
        (Design((ONE,)), 0),
        (Design((COARSE, FINE, ONE)), 0),
        (Design((FINE, COARSE)), 2),
        (Design((RANDOM, RISING)), 0),
        (Design((ONE, RISING, RANDOM, COARSE)), 3),
        (zipped(FINE, RISING, ONE), 0),
        (zipped(FINE, RANDOM), 2),
        (Design((FINE, DRAWN)), 3),
        (Design((DRAWN, FINE)), 0),
        (Design((PATIENTS,)), 2),
    ],
)
def test_a_batch_is_in_disorder_where_neighbours_differ(design, disorder):
    assert design.disorder == disorder
