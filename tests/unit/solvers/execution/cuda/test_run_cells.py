"""Cells of swept values: how many, how full, and that neighbours in them are alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers.execution.cuda.run_cells import MOST_CELLS, MOST_LEVELS, RUNS_A_CELL, Cells, divide

RNG = np.random.default_rng(1)


def cell_of(cells: Cells, values: np.ndarray) -> np.ndarray:
    """Return each run's cell, by NumPy."""
    found = np.zeros(values.shape[1], dtype=np.int64)
    for row, levels, edges in zip(values, cells.levels, cells.edges, strict=True):
        found = found * levels + np.searchsorted(edges[: levels - 1], row, side="right")
    return found


@given(st.integers(0, 20), st.integers(1, 3000), st.integers(1, 50), st.integers(0, 2**32))
def test_there_are_no_more_cells_than_runs_fill(rows, runs, distinct, seed):
    values = np.random.default_rng(seed).integers(0, distinct, (rows, runs)).astype(float)
    cells = divide(values)
    assert 1 <= cells.count <= max(1, runs // RUNS_A_CELL)
    assert (cells.edges[:, 1:] >= cells.edges[:, :-1]).all()
    found = cell_of(cells, values)
    assert found.min() >= 0
    assert found.max() < cells.count


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
@pytest.mark.parametrize("spread", ["even", "decades"])
def test_cells_are_about_equally_full(rows, spread):
    values = RNG.random((rows, 1 << 17))
    values = 10 ** (12 * values - 6) if spread == "decades" else values
    cells = divide(values)
    full = np.bincount(cell_of(cells, values), minlength=cells.count)
    assert cells.count >= (1 << 17) / RUNS_A_CELL / 2**rows
    assert full.max() < 2.5 * full.mean()


def test_a_quantity_of_few_values_leaves_room_for_others():
    values = np.array([RNG.choice([1.0, 2.0, 5.0], 1 << 17), np.full(1 << 17, 7.0), RNG.random(1 << 17)])
    cells = divide(values)
    assert cells.levels.tolist() == [3, 1, 682]
    np.testing.assert_array_equal(cells.edges[0, :2], [2.0, 5.0])
    assert np.isinf(cells.edges[1]).all()


@pytest.mark.parametrize("period", [2, 3, 64, 256, 1000, 4096])
def test_values_that_repeat_are_all_seen(period):
    values = np.tile(np.arange(period, dtype=float), -(-(1 << 19) // period))[None]
    assert divide(values).levels.tolist() == [min(period, MOST_LEVELS)]


def test_one_quantity_is_divided_finely():
    assert divide(RNG.random((1, 1 << 21))).levels.tolist() == [MOST_LEVELS]
    assert divide(RNG.random((2, 1 << 21))).count == MOST_CELLS


def test_edges_have_the_values_precision():
    assert divide(RNG.random((1, 1000)).astype(np.float32)).edges.dtype == np.float32


def test_nothing_swept_is_one_cell():
    assert divide(np.empty((0, 10))).count == 1
