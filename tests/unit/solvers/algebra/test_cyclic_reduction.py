"""Blocks around a ring of lanes, eliminated by cyclic reduction, against NumPy's solution of the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.threads import Lanes

from solvers.algebra.complex_numbers import Complex
from solvers.algebra.cyclic_reduction import CyclicReduction


def whole(blocks, lanes, turn):
    """Return the matrix of the whole ring, given D, A and C a lane, (rows, columns, lanes) each."""
    width = blocks[0].shape[0]
    matrix = np.zeros((lanes * width,) * 2, dtype=blocks[0].dtype)
    for lane in range(lanes):
        for block, other in zip(blocks, (lane, (lane + turn) % lanes, (lane - turn) % lanes), strict=True):
            rows, columns = (slice(each * width, (each + 1) * width) for each in (lane, other))
            matrix[rows, columns] += block[:, :, lane]
    return matrix


def opened(blocks, turn):
    """Return blocks of a row, whose ends have no neighbour on one side."""
    diagonal, there, back = (block.copy() for block in blocks)
    there[:, :, -1 if turn == 1 else 0] = back[:, :, 0 if turn == 1 else -1] = 0.0
    return diagonal, there, back


def solved(blocks, b, lanes, turn):
    """Return whether all pivots are sound, and the solution, a column a lane."""
    width, is_complex = b.shape[0], np.iscomplexobj(blocks[0])
    system = CyclicReduction(width, lanes, turn, "float64", is_complex=is_complex)
    count = width * width

    def number(array, place, size):
        return Complex(array[place], array[size + place]) if is_complex else array[place]

    def solve(given, b, lu, x):
        parts = 2 if is_complex else 1
        entries = [number(given, k * count * parts + i, count) for k in range(3) for i in range(count)]
        rows = [[entries[k * count + i * width :][:width] for i in range(width)] for k in range(3)]
        sound = system.factor(*rows, lu)
        for i, value in enumerate(system.solve(lu, [number(b, i, width) for i in range(width)])):
            for part, each in enumerate((value.re, value.im) if is_complex else (value,)):
                x[part * width + i] = each
        return sound

    given = np.concatenate([parts_of(block.reshape(count, lanes)) for block in blocks])
    x = np.full_like(parts_of(b), np.nan)
    sound = Lanes(lanes).run(solve, given, parts_of(b), np.full((system.size, lanes), np.nan), x)
    return sound, x[:width] + 1j * x[width:] if is_complex else x


def parts_of(array):
    return np.concatenate([array.real, array.imag]) if np.iscomplexobj(array) else array


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4),
    st.sampled_from([4, 8, 16]),
    st.sampled_from([1, -1]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32),
)
def test_rings_and_rows_are_solved(width, lanes, turn, is_ring, is_complex, seed):
    rng = np.random.default_rng(seed)
    blocks = rng.standard_normal((3, width, width, lanes)) + (
        1j * rng.standard_normal((3, width, width, lanes)) if is_complex else 0
    )
    blocks[0] += (4.0 * width * (1 + 1j if is_complex else 1) * np.eye(width))[:, :, np.newaxis]
    blocks = tuple(blocks) if is_ring else opened(blocks, turn)
    b = rng.standard_normal((width, lanes)) + (1j if is_complex else 0)
    sound, x = solved(blocks, b, lanes, turn)
    expected = np.linalg.solve(whole(blocks, lanes, turn), b.T.reshape(-1)).reshape(lanes, width).T
    assert sound.all()
    np.testing.assert_allclose(x, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("lane", range(4))
def test_a_block_that_has_no_inverse_is_told(lane):
    blocks = np.zeros((3, 2, 2, 4))
    blocks[0] = np.eye(2)[:, :, np.newaxis]
    blocks[0][:, :, lane] = 1.0
    sound, _ = solved(tuple(blocks), np.ones((2, 4)), 4, 1)
    assert not sound.all()
