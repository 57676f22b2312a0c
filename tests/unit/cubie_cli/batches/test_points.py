"""Points: those of the named sequences, whatever is asked for and in which order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cubie_cli.batches.permutation import permuted
from cubie_cli.batches.points import METHODS, points_at, points_of, random_numbers


@given(st.integers(0, 2**40), st.integers(0, 40), st.integers(0, 2**61))
def test_random_numbers_are_one_sequence(first, count, seed):
    whole = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(2,)))).random(64)
    assert np.array_equal(random_numbers(seed, 2, first % 24, count), whole[first % 24 : first % 24 + count])
    beyond = random_numbers(seed, 2, first, count + 5)
    assert np.array_equal(beyond[5:], random_numbers(seed, 2, first + 5, count))


@settings(max_examples=40)
@given(st.sampled_from(METHODS), st.integers(1, 5000), st.data())
def test_a_point_is_the_same_whatever_else_is_asked_for(method, count, data):
    points = points_of(method, 11, 3, count)
    every = points_at(points, np.arange(count))
    positions = np.array(data.draw(st.lists(st.integers(0, count - 1), max_size=20)), dtype=np.int64)
    assert np.array_equal(points_at(points_of(method, 11, 3, count), positions), every[:, positions])


@pytest.mark.parametrize("method", METHODS)
def test_points_far_apart_take_no_memory(method):
    found = points_at(points_of(method, 1, 2, 10**9), np.array([10**9 - 1, 0, 5 * 10**8, 0]))
    assert np.array_equal(found[:, 1], found[:, 3])
    assert np.unique(found).size == 6


@given(st.integers(1, 3000), st.integers(0, 2**61))
def test_a_latin_hypercube_has_one_point_in_each_part(count, seed):
    points = points_of("latin_hypercube", seed, 2, count)
    cut = count // 3
    found = np.concatenate([points.block(0, cut), points.block(cut, count - cut)], axis=1)
    for row in found:
        assert np.array_equal(np.sort(np.floor(row * count)), np.arange(count))


@given(st.integers(1, 2**62), st.integers(0, 2**61), st.data())
def test_permutations_stay_in_their_range(count, seed, data):
    numbers = data.draw(st.lists(st.integers(0, count - 1), unique=True, max_size=50))
    found = permuted(np.array(numbers, dtype=np.uint64), count, (seed, 0))
    assert np.unique(found).size == len(numbers)
    assert (found < count).all()


def test_permutations_of_few_numbers_are_all_as_likely():
    found = [tuple(permuted(np.arange(3, dtype=np.uint64), 3, (seed, 0)).tolist()) for seed in range(1200)]
    _, counts = np.unique(found, axis=0, return_counts=True)
    assert counts.size == 6
    assert (abs(counts - 200) < 60).all()


def test_dimensions_are_independent():
    for method in METHODS:
        found = points_at(points_of(method, 5, 6, 4096), np.arange(4096))
        assert abs(np.corrcoef(found) - np.eye(6)).max() < 0.07, method


#: The last two of a thousand points with the seed 5, as they are on any machine: first one coordinate, then the other.
ANYWHERE = {
    "random": ["0x1.70beb8f8debbap-2", "0x1.beacdd4b85634p-1", "0x1.454345c8fcdf0p-3", "0x1.7ae70cc15e3b4p-3"],
    "latin_hypercube": ["0x1.1acef1801fdafp-1", "0x1.352ec3ce27d04p-1", "0x1.65f82512cd601p-1", "0x1.91c97271db7c8p-3"],
    "sobol": ["0x1.bfc9dea000000p-1", "0x1.e5c43ff000000p-2", "0x1.d6ade74800000p-1", "0x1.c384701000000p-2"],
    "halton": ["0x1.35a5248d13b5ep-2", "0x1.9ad2924689dafp-1", "0x1.bda8d0bf1201ep-1", "0x1.3f3d5bcedf709p-1"],
}


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_gives_the_same_points_anywhere(method):
    assert [x.hex() for x in points_of(method, 5, 2, 1000).block(998, 2).ravel().tolist()] == ANYWHERE[method]
