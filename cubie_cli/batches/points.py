"""Points of the unit cube, each found by its index: whatever the chunk that a run is in, it has the same point."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from cubie_cli.batches.halton import HaltonPoints
from cubie_cli.batches.permutation import permuted
from cubie_cli.batches.sobol import SobolPoints

METHODS = ("random", "latin_hypercube", "sobol", "halton")
#: Points between two that are wanted which take less time to make than to jump over, and the most made together.
_GAP, _BLOCK_DIGITS = 1000, 20
_BELOW_ONE = 1.0 - 2.0**-53


class Points(Protocol):
    """A sequence of points."""

    def block(self, first: int, count: int) -> np.ndarray:
        """Return consecutive points: float64 from 0 up to but not including 1, shape (dimensions, count)."""


def points_of(method: str, seed: int, dimensions: int, count: int) -> Points:
    """Return points by a method of `METHODS`.

    Parameters
    ----------
    method, seed
        As in a configuration.
    dimensions
        Coordinates of a point.
    count
        How many points there are.

    Raises
    ------
    ImportError
        Without SciPy, for `sobol` in more than `OWN_DIMENSIONS`.
    """
    if method == "random":
        return RandomPoints(seed, dimensions)
    if method == "latin_hypercube":
        return LatinHypercube(seed, dimensions, count)
    return SobolPoints(seed, dimensions, count) if method == "sobol" else HaltonPoints(seed, dimensions)


def points_at(points: Points, positions: np.ndarray) -> np.ndarray:
    """Return points in any order, some of them perhaps several times: shape (dimensions, positions)."""
    if (np.diff(positions) == 1).all():
        return points.block(int(positions[0]) if positions.size else 0, len(positions))
    wanted, back = np.unique(positions, return_inverse=True)
    apart = (np.diff(wanted) > _GAP) | (np.diff(wanted >> _BLOCK_DIGITS) > 0)
    bounds = [0, *(np.flatnonzero(apart) + 1).tolist(), len(wanted)]
    found = []
    for start, stop in pairwise(bounds):
        first, last = int(wanted[start]), int(wanted[stop - 1])
        block = points.block(first, last - first + 1)
        found.append(block[:, wanted[start:stop] - first])
    return np.concatenate(found, axis=1)[:, back]


def random_numbers(seed: int, dimension: int, first: int, count: int) -> np.ndarray:
    """Return numbers of the sequence that a dimension of a random sample has.

    It is `Generator(Philox(SeedSequence(seed, spawn_key=(dimension,)))).random(n)`, of which this goes to any place.
    """
    bits = np.random.Philox(np.random.SeedSequence(seed, spawn_key=(dimension,)))
    bits.advance(first // 4)  # by blocks of four
    return np.random.Generator(bits).random(first % 4 + count)[first % 4 :]


@dataclass(frozen=True)
class RandomPoints:
    """Independent points."""

    seed: int
    dimensions: int

    def block(self, first: int, count: int) -> np.ndarray:
        """Return consecutive points."""
        found = np.empty((self.dimensions, count))
        for dimension in range(self.dimensions):
            found[dimension] = random_numbers(self.seed, dimension, first, count)
        return found


@dataclass(frozen=True)
class LatinHypercube:
    """Points of which, in each dimension, one is in each of `count` equal parts.

    Which part, a permutation tells that is computed for each point, not stored; where in it, a random number does.
    """

    seed: int
    dimensions: int
    count: int

    def block(self, first: int, count: int) -> np.ndarray:
        """Return consecutive points."""
        positions = np.arange(first, first + count, dtype=np.uint64)
        found = np.empty((self.dimensions, count))
        for dimension in range(self.dimensions):
            part = permuted(positions, self.count, (self.seed, dimension))
            found[dimension] = (part + random_numbers(self.seed, dimension, first, count)) / self.count
        return np.minimum(found, _BELOW_ONE)
