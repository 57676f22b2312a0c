"""Where a block's shared memory has what."""

import pytest

from solvers.targets.cuda.shared_memory import common_stride, slice_stride


@pytest.mark.parametrize(("nbytes", "stride"), [(0, 0), (1, 8), (8, 8), (16, 24), (24, 24)])
def test_slices_of_neighbours_begin_in_different_banks(nbytes, stride):
    assert slice_stride(nbytes) == stride


@pytest.mark.parametrize("threads", [2, 4, 8, 16, 32])
@pytest.mark.parametrize("nbytes", [8, 100, 6136])
def test_rows_of_neighbouring_runs_lie_in_different_banks(threads, nbytes):
    stride, row = common_stride(nbytes, threads), 8 * threads
    assert nbytes <= stride < nbytes + 2 * row
    assert stride % row == 0
    runs = max(1, 16 // threads)
    assert len({run * stride // row * row % 128 for run in range(runs)}) == runs
    assert common_stride(0, threads) == 0
