"""Halton's sequence, scrambled: its points, of which each is found by its index."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

import numpy as np

#: Binary digits after the point that a coordinate may have: further ones are lost in a sum of float64 below 1.
_DIGITS = 53
_BELOW_ONE = 1.0 - 2.0**-53


@dataclass(frozen=True)
class HaltonPoints:
    """The points of `scipy.stats.qmc.Halton(dimensions, rng=seed)`, made here for the reason that `SobolPoints` are.

    A coordinate has the digits of the index in the base of a prime number, in the opposite order, each permuted:
    A. B. Owen, A randomized Halton algorithm in R, arXiv:1706.02808 (2017).
    """

    seed: int
    dimensions: int

    @cached_property
    def _permutations(self) -> list[np.ndarray]:
        """The permutations of each coordinate, shape (digits, base), drawn in the order in which SciPy draws them."""
        rng = np.random.default_rng(self.seed).spawn(1)[0]
        found = []
        for base in _primes(self.dimensions):
            digits = math.ceil((_DIGITS + 1) / math.log2(base)) - 1
            found.append(np.array([rng.permutation(base) for _ in range(digits)]))
        return found

    def block(self, first: int, count: int) -> np.ndarray:
        """Return consecutive points."""
        index = np.arange(first, first + count)
        return np.array([_coordinates(index, permutations) for permutations in self._permutations])


def _coordinates(index: np.ndarray, permutations: np.ndarray) -> np.ndarray:
    """Return one coordinate of the points with some indices."""
    base = permutations.shape[1]
    found, weight = np.zeros(len(index)), 1.0 / base
    for permutation in permutations:
        # Zeros before the first digit of an index are permuted too.
        index, digit = np.divmod(index, base) if index.any() else (index, 0)
        found += permutation[digit] * weight
        weight /= base
    return np.minimum(found, _BELOW_ONE)


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in takewhile(math.isqrt(number).__ge__, found)):
            found.append(number)
        number += 1
    return found
