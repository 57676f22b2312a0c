"""Tables that all runs read: on every target the element asked for, whatever the table and its length."""

import re

import numpy as np
import pytest
from numba.cuda import types
from support.compiled import compiled

from solvers.execution.cuda import toolchain
from solvers.straightline import convert, fetch
from solvers.straightline.setting import Setting
from solvers.targets.cuda.target import CudaTarget

WIDTH = 4
ROWS = np.array([3, 0, 2, 2, 5, 1, 4, 0])


def row_of(table, row, dtype):
    """Return the last two elements of a row of four."""
    return tuple(fetch(table, row, dtype, column=column, width=WIDTH) for column in (2, 3))


def asked(dtype, table):
    """Return a function of a row, recorded with the address of a table or called with the table itself."""
    return lambda row: row_of(table, convert(row, "int64"), dtype)


@pytest.fixture(params=["float32", "float64"])
def table(request):
    return np.linspace(-1.0, 1.0, 6 * WIDTH).astype(request.param)


def test_python_looks_into_the_table(table):
    for row in ROWS:
        assert asked(table.dtype.name, table)(row) == tuple(table.reshape(-1, WIDTH)[row, 2:4])


@pytest.mark.parametrize("lanes", [1, 2, 8])
def test_each_lane_reads_its_own_row(table, lanes):
    function = asked(table.dtype.name, Setting("tables.light"))
    run = compiled(function, ["int64"], lanes, {"tables.light": table.ctypes.data})
    found = [run(ROWS[start : start + lanes]) for start in range(0, len(ROWS), lanes)]
    for column in (2, 3):
        read = np.concatenate([part[column - 2] for part in found])
        np.testing.assert_array_equal(read, table.reshape(-1, WIDTH)[ROWS, column])
        assert read.dtype == table.dtype


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gpu_reads_through_the_cache_of_what_nobody_writes(dtype):
    target = CudaTarget()
    read = target.straight_line(asked(dtype, Setting("tables.light")))

    def kernel(out, row):
        first, second = read(row)
        out[0] = first + second

    kind = types.float32 if dtype == "float32" else types.float64
    entry = kernel, (types.CPointer(kind), types.int64)
    found = toolchain.compile_kernel(*entry, (9, 0), definitions=target.definitions)
    assert re.search(rf"ld\.global\.nc\.v2\.f{dtype[-2:]}", found.ptx)
