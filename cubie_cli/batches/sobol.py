"""Sobol's sequence, scrambled: its points, of which each is found by its index."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: Dimensions that direction numbers are known for, and those that need no SciPy for it.
MOST_DIMENSIONS, OWN_DIMENSIONS = 21201, 37
#: The most points with the digits that SciPy gives them by default; they can have as many as 64.
_DIGITS, _MOST_DIGITS = 30, 64
#: Digits of an index that are looked up together.
_LOOKED_UP = 12
_BELOW_ONE = 1.0 - 2.0**-53

#: For each dimension but the first a primitive polynomial, its coefficients as binary digits, and as many numbers to
#: begin with as its degree is: S. Joe and F. Y. Kuo, SIAM J. Sci. Comput. 30 (2008) 2635-2654, table D(6) up to 21201.
_BEGINNINGS = (
    *((3, 1), (7, 1, 3), (11, 1, 3, 1), (13, 1, 1, 1), (19, 1, 1, 3, 3), (25, 1, 3, 5, 13)),
    *((37, 1, 1, 5, 5, 17), (41, 1, 1, 5, 5, 5), (47, 1, 1, 7, 11, 19), (55, 1, 1, 5, 1, 1)),
    *((59, 1, 1, 1, 3, 11), (61, 1, 3, 5, 5, 31), (67, 1, 3, 3, 9, 7, 49), (91, 1, 1, 1, 15, 21, 21)),
    *((97, 1, 3, 1, 13, 27, 49), (103, 1, 1, 1, 15, 7, 5), (109, 1, 3, 1, 15, 13, 25), (115, 1, 1, 5, 5, 19, 61)),
    *((131, 1, 3, 7, 11, 23, 15, 103), (137, 1, 3, 7, 13, 13, 15, 69), (143, 1, 1, 3, 13, 7, 35, 63)),
    *((145, 1, 3, 5, 9, 1, 25, 53), (157, 1, 3, 1, 13, 9, 35, 107), (167, 1, 3, 1, 5, 27, 61, 31)),
    *((171, 1, 1, 5, 11, 19, 41, 61), (185, 1, 3, 5, 3, 3, 13, 69), (191, 1, 1, 7, 13, 1, 19, 1)),
    *((193, 1, 3, 7, 5, 13, 19, 59), (203, 1, 1, 3, 9, 25, 29, 41), (211, 1, 3, 5, 13, 23, 1, 55)),
    *((213, 1, 3, 7, 3, 13, 59, 17), (229, 1, 3, 1, 3, 5, 53, 69), (239, 1, 1, 5, 5, 23, 33, 13)),
    *((241, 1, 1, 7, 7, 1, 61, 123), (247, 1, 1, 7, 9, 13, 61, 49), (253, 1, 3, 3, 5, 3, 55, 33)),
)


@dataclass(frozen=True)
class SobolPoints:
    """The points of `scipy.stats.qmc.Sobol(dimensions, bits=bits, rng=seed)`, of which this goes to any place.

    They are made here because importing SciPy's takes longer than all else that a command does before it solves.
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
        directions, shift = _scrambled(_directions(self.dimensions, self.bits), self.bits, self.seed)
        columns = directions.copy()
        columns[:, 1:] ^= directions[:, :-1]  # of Gray's code of an index
        sums: list[np.ndarray] = []
        for lowest in range(0, (self.count - 1).bit_length() or 1, _LOOKED_UP):
            group = np.zeros((self.dimensions, 1), dtype=np.uint64) if sums else shift[:, None]
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


def _directions(dimensions: int, bits: int) -> np.ndarray:
    """Return the columns of the sequence's matrices, each as a number of so many digits: shape (dimensions, bits)."""
    if dimensions > OWN_DIMENSIONS:
        from scipy.stats import qmc  # noqa: PLC0415 - takes a second

        found: np.ndarray = qmc.Sobol(dimensions, scramble=False, bits=bits)._sv.astype(np.uint64)  # noqa: SLF001
        return found
    rows = [[1] * bits, *(_extended(polynomial, first, bits) for polynomial, *first in _BEGINNINGS)]
    shifted = [[number << (bits - 1 - place) for place, number in enumerate(row)] for row in rows[:dimensions]]
    return np.array(shifted, dtype=np.uint64)


def _extended(polynomial: int, first: Sequence[int], count: int) -> list[int]:
    """Return so many direction numbers: each follows from those before by the polynomial's recurrence."""
    numbers, degree = list(first), len(first)
    while len(numbers) < count:
        number = numbers[-degree]
        for back in range(1, degree + 1):
            if polynomial >> (degree - back) & 1:
                number ^= numbers[-back] << back
        numbers.append(number)
    return numbers


def _scrambled(directions: np.ndarray, bits: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return directions times random matrices, and a random shift: J. Matousek, J. of Complexity 14 (1998) 527-556.

    The matrices are lower triangles modulo 2. Random numbers are drawn in the order in which SciPy draws them.
    """
    rng, drawn = np.random.default_rng(seed).spawn(1)[0], np.uint32 if bits <= 32 else np.uint64
    places = np.arange(bits, dtype=np.uint64)
    shift = rng.integers(0, 2, (len(directions), bits), drawn).astype(np.uint64) << places
    triangles = np.tril(rng.integers(0, 2, (len(directions), bits, bits), drawn).astype(np.uint8), -1)
    triangles += np.eye(bits, dtype=np.uint8)
    highest_first = places[::-1, None]
    digits = (directions[:, None] >> highest_first & np.uint64(1)).astype(np.uint8)
    mixed = (triangles @ digits & 1).astype(np.uint64) << highest_first
    return mixed.sum(axis=1, dtype=np.uint64), shift.sum(axis=1, dtype=np.uint64)
