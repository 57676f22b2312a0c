"""Points of the unit cube, each found by its index: whatever the chunk that a run is in, it has the same point."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from cubie_cli.batches.permutation import permuted

METHODS = ("random", "latin_hypercube", "sobol", "halton")
#: Dimensions that Sobol's direction numbers are known for.
MOST_SOBOL_DIMENSIONS = 21201
#: Points between two that are wanted which take less time to make than to jump over, and the most made together.
_GAP, _BLOCK_DIGITS = 1000, 20
#: The most points of Sobol's sequence with the digits that SciPy gives it by default; it can have as many as 64.
_DIGITS, _MOST_DIGITS = 30, 64
#: Digits of an index that are looked up together.
_LOOKED_UP = 12
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
        Without SciPy, for `sobol` and `halton`.
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


@dataclass(frozen=True)
class SobolPoints:
    """Sobol's sequence, scrambled: `scipy.stats.qmc.Sobol(d, bits=bits, rng=seed)`, of which this goes to any place.

    The digits of a point are sums, modulo 2, of columns of a matrix: one for each digit 1 of the point's index. So a
    few digits of the index at a time are looked up.
    """

    seed: int
    dimensions: int
    count: int

    @property
    def bits(self) -> int:
        """Binary digits of a coordinate."""
        return _DIGITS if self.count <= 1 << _DIGITS else _MOST_DIGITS

    @cached_property
    def _sums(self) -> list[np.ndarray]:
        """What the digits of an index add up to, by groups of digits: shape (dimensions, values of the group)."""
        from scipy.stats import qmc  # noqa: PLC0415 - takes a second

        engine = qmc.Sobol(self.dimensions, bits=self.bits, rng=self.seed)
        directions = engine._sv.astype(np.uint64)  # noqa: SLF001 - what is public goes from point to point only
        columns = directions.copy()
        columns[:, 1:] ^= directions[:, :-1]  # of Gray's code of an index
        sums: list[np.ndarray] = []
        for lowest in range(0, (self.count - 1).bit_length() or 1, _LOOKED_UP):
            group = np.zeros((self.dimensions, 1), dtype=np.uint64)
            if not sums:
                group = group ^ engine._shift.astype(np.uint64)[:, None]  # noqa: SLF001
            for column in columns.T[lowest : lowest + _LOOKED_UP]:
                group = np.concatenate([group, group ^ column[:, None]], axis=1)
            sums.append(group)
        return sums

    def block(self, first: int, count: int) -> np.ndarray:
        """Return consecutive points."""
        index = np.arange(first, first + count, dtype=np.int64)
        found = np.zeros((self.dimensions, count), dtype=np.uint64)
        for group in self._sums:
            low = index & ((1 << _LOOKED_UP) - 1)
            for row, sums in zip(found, group, strict=True):
                np.bitwise_xor(row, sums.take(low), out=row)
            index >>= _LOOKED_UP
        numbers: np.ndarray = np.minimum(found * 0.5**self.bits, _BELOW_ONE)
        return numbers


@dataclass(frozen=True)
class HaltonPoints:
    """Halton's sequence, scrambled: `scipy.stats.qmc.Halton(d, rng=seed)`."""

    seed: int
    dimensions: int

    @cached_property
    def _engine(self) -> Any:
        from scipy.stats import qmc  # noqa: PLC0415 - takes a second

        return qmc.Halton(self.dimensions, rng=self.seed)

    def block(self, first: int, count: int) -> np.ndarray:
        """Return consecutive points."""
        self._engine.num_generated = first
        return np.ascontiguousarray(self._engine.random(count).T)
