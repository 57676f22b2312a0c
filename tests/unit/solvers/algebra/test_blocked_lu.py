"""Elimination by loops over a dense block of the last pivots comes to what elimination written out does."""

import numpy as np
import pytest

from solvers.algebra.blocked_lu import SMALLEST_BLOCK, BlockedLU
from solvers.algebra.complex_numbers import Complex
from solvers.algebra.sparse_lu import SparseLU, iteration_matrix

RNG = np.random.default_rng(11)


def dense(n, start=0):
    return [(i, j) for i in range(start, n) for j in range(start, n)]


def spokes_into(m, before):
    """Return so many rows of which each is coupled to two rows of a dense block."""
    ends = [(i, before + k) for i in range(before) for k in (i, i + 9)]
    return [*dense(before + m, before), *ends, *((j, i) for i, j in ends), *((i, i) for i in range(before))]


PATTERNS = {
    "dense": (29, dense(29)),
    "spokes": (36, spokes_into(30, 6)),
    "a hole": (28, [entry for entry in dense(28) if entry != (27, 3)]),
}
SHIFTS = [4.0, 3.0 + 2.5j]


def solved(plan, n, pattern, entries, shift, b):
    """Return whether pivots are sound, and the solution."""
    is_complex = isinstance(shift, complex)
    alpha = Complex(np.float64(shift.real), np.float64(shift.imag)) if is_complex else np.float64(shift)
    factors = np.full(plan.size, np.nan)
    sound = plan.factor(iteration_matrix(dict(zip(pattern, entries, strict=True)), n, alpha), factors)
    right = [Complex(value.real, value.imag) for value in b] if is_complex else list(b.real)
    x = plan.solve(factors, right)
    return sound, np.array([value.re + 1j * value.im if is_complex else value for value in x])


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("name", PATTERNS)
def test_solutions_are_exact_to_rounding(name, shift):
    n, pattern = PATTERNS[name]
    entries = RNG.uniform(-1, 1, len(pattern))
    matrix = np.zeros((n, n))
    matrix[tuple(zip(*pattern, strict=True))] = entries
    b = RNG.uniform(-1, 1, n) + 1j * RNG.uniform(-1, 1, n)
    plan = BlockedLU(n, pattern, "float64", is_complex=isinstance(shift, complex))
    assert plan.first < n
    sound, x = solved(plan, n, pattern, entries, shift, b)
    assert sound
    right = b if isinstance(shift, complex) else b.real
    np.testing.assert_allclose((shift * np.eye(n) - matrix) @ x, right, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("row", [0, 28])
def test_a_pivot_without_an_inverse_is_told(row):
    n, pattern = PATTERNS["dense"]
    entries = [4.0 if i == j == row else 0.0 for i, j in pattern]
    with np.errstate(all="ignore"):
        sound, _ = solved(BlockedLU(n, pattern, "float64"), n, pattern, entries, 4.0, np.ones(n))
    assert not sound


def test_small_blocks_are_written_out():
    n = SMALLEST_BLOCK - 1
    plan = BlockedLU(n, dense(n), "float64")
    assert plan.first == n
    assert plan.size == SparseLU(n, dense(n), "float64").size
