"""Elimination by loops comes to what elimination written out does."""

import numpy as np
import pytest

from solvers.algebra.banded_lu import BandedLU, half_bandwidth
from solvers.algebra.complex_numbers import Complex, Numbers
from solvers.algebra.looped_lu import LoopedLU
from solvers.algebra.sparse_lu import SparseLU

RNG = np.random.default_rng(5)


def band(n):
    return [(i, j) for i in range(n) for j in range(max(0, i - 1), min(n, i + 2))]


PATTERNS = {
    "a band": (12, band(12)),
    "a ring": (9, [*band(9), (0, 8), (8, 0)]),
    "dense": (7, [(i, j) for i in range(7) for j in range(7)]),
    "an arrow": (8, [(i, i) for i in range(8)] + [(0, i) for i in range(8)] + [(i, 0) for i in range(8)]),
    "a diagonal": (5, [(i, i) for i in range(5)]),
    "empty rows": (6, [(0, 3), (3, 0), (5, 2)]),
    "one": (1, [(0, 0)]),
}


KINDS = {
    "tables": lambda n, pattern: LoopedLU(SparseLU(n, pattern, "float64")),
    "a band": lambda n, pattern: BandedLU(n, pattern, "float64"),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def factored(kind, n, pattern, entries, alpha):
    looped = kind(n, pattern)
    factors = np.zeros(looped.size)
    factors[looped.places(pattern)] = entries
    return looped, factors, looped.factor(np.float64(alpha), factors, factors)


@pytest.mark.parametrize("name", PATTERNS)
def test_solutions_are_exact_to_rounding(name, kind):
    n, pattern = PATTERNS[name]
    entries = RNG.uniform(-1, 1, len(pattern))
    matrix = np.zeros((n, n))
    matrix[tuple(zip(*pattern, strict=True))] = entries
    looped, factors, sound = factored(kind, n, pattern, entries, 4.0)
    b = RNG.uniform(-1, 1, n)
    x = b.copy()
    looped.solve(factors, x)
    assert sound
    np.testing.assert_allclose((4.0 * np.eye(n) - matrix) @ x, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", PATTERNS)
def test_shifts_may_be_complex(name, kind):
    n, pattern = PATTERNS[name]
    entries = RNG.uniform(-1, 1, len(pattern))
    matrix = np.zeros((n, n))
    matrix[tuple(zip(*pattern, strict=True))] = entries
    looped = kind(n, pattern)
    given = np.zeros(looped.size)
    given[looped.places(pattern)] = entries
    parts = np.full(looped.size, np.nan), np.full(looped.size, np.nan)
    assert looped.factor(Complex(np.float64(3.0), np.float64(2.5)), given, Numbers(*parts))
    b = RNG.uniform(-1, 1, n) + 1j * RNG.uniform(-1, 1, n)
    x = b.real.copy(), b.imag.copy()
    looped.solve(Numbers(*parts), Numbers(*x))
    np.testing.assert_allclose(((3.0 + 2.5j) * np.eye(n) - matrix) @ (x[0] + 1j * x[1]), b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bad", [0.0, np.inf, np.nan])
def test_a_pivot_without_an_inverse_is_told(bad, kind):
    n, pattern = PATTERNS["a band"]
    entries = RNG.uniform(-1, 1, len(pattern))
    entries[pattern.index((4, 4))] = 4.0 if bad == 0.0 else bad
    entries[pattern.index((4, 3))] = entries[pattern.index((3, 4))] = 0.0
    entries[pattern.index((4, 5))] = entries[pattern.index((5, 4))] = 0.0
    with np.errstate(all="ignore"):
        _, _, sound = factored(kind, n, pattern, entries, 4.0)
    assert not sound


def test_bands_are_measured():
    assert half_bandwidth(PATTERNS["a band"][1]) == 1
    assert half_bandwidth(PATTERNS["a ring"][1]) == 8
    assert half_bandwidth(PATTERNS["a diagonal"][1]) == 0
    assert BandedLU(*PATTERNS["a band"], "float64").size == 12 * 3
