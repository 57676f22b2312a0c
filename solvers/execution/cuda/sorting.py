"""Kernels that bring runs into the order of `run_order`, a counting sort by cell, and their results back."""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import cuda
from numba.cuda import types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

from solvers.execution.cuda.run_order import ADD_UP, COUNT, THREADS

_LONG = ir.IntType(64)


@intrinsic
def _count_up(_context: Any, counts: Any, _index: Any) -> Any:
    """Add 1 to a count that all threads share; return what it was."""

    def generate(_: Any, builder: ir.IRBuilder, _signature: Any, values: Sequence[Any]) -> Any:
        start, index = values
        place = builder.gep(start, [builder.sext(index, _LONG)])
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(32), 1), "monotonic")

    return signature(types.int32, counts, types.int32), generate


@cuda.jit(device=True, forceinline=True)
def _level(value: Any, edges: Any, first: Any, levels: Any) -> Any:
    """Return how many of a row's edges a value reaches, by bisection."""
    low, high = types.int32(0), types.int32(levels - 1)
    while low < high:
        middle = (low + high) // 2
        if value >= edges[first + middle]:
            low = middle + 1
        else:
            high = middle
    return low


@cuda.jit(device=True, forceinline=True)
def _count(runs: Any, rows: Any, width: Any, inputs: Any, levels: Any, edges: Any, counts: Any, cells: Any) -> None:
    """Find each run's cell, and how many of its runs came before."""
    run = cuda.grid(1)
    if run < runs:
        cell = types.int32(0)
        for row in range(rows):
            if levels[row] > 1:
                level = _level(inputs[row * runs + run], edges, row * width, levels[row])
                cell = types.int32(cell * levels[row] + level)
        cell_of, turn_of = cells
        cell_of[run] = cell
        turn_of[run] = _count_up(counts, cell)


@cuda.jit(device=True, forceinline=True)
def _add_up(cells: Any, counts: Any) -> None:
    """Replace each count by the sum of those before it; for one block."""
    thread = cuda.threadIdx.x
    sums = cuda.shared.array(THREADS, types.int32)
    share = (cells + THREADS - 1) // THREADS
    first, last = min(thread * share, cells), min((thread + 1) * share, cells)
    own = types.int32(0)
    for cell in range(first, last):
        own += counts[cell]
    sums[thread] = own
    cuda.syncthreads()
    reach = 1
    while reach < THREADS:
        other = sums[thread - reach] if thread >= reach else types.int32(0)
        cuda.syncthreads()
        sums[thread] += other
        cuda.syncthreads()
        reach *= 2
    before = sums[thread] - own
    for cell in range(first, last):
        count = counts[cell]
        counts[cell] = before
        before += count


@cuda.jit(device=True, forceinline=True)
def _place(runs: Any, rows: Any, inputs: Any, counts: Any, cells: Any, ordered: Any) -> None:
    """Find each run's turn, and put its values there."""
    run = cuda.grid(1)
    if run < runs:
        cell_of, turn_of = cells
        turn = counts[cell_of[run]] + turn_of[run]
        turn_of[run] = turn
        for row in range(rows):
            ordered[row * runs + turn] = inputs[row * runs + run]


def make_order(precision: str) -> tuple[Any, Any]:
    """Return the kernel that brings runs into order, and the types of its arguments, for Numba-CUDA."""

    def cubie_order(  # noqa: PLR0913, PLR0917 - one argument an array
        phase: Any,
        runs: Any,
        rows: Any,
        width: Any,
        cells: Any,
        inputs: Any,
        levels: Any,
        edges: Any,
        counts: Any,
        cell_of: Any,
        turn_of: Any,
        ordered: Any,
    ) -> None:
        if phase == COUNT:
            _count(runs, rows, width, inputs, levels, edges, counts, (cell_of, turn_of))
        elif phase == ADD_UP:
            _add_up(cells, counts)
        else:
            _place(runs, rows, inputs, counts, (cell_of, turn_of), ordered)

    real, integers = _real(precision), types.CPointer(types.int32)
    numbers = (types.int32, types.int64, types.int32, types.int32, types.int32)
    return cubie_order, (*numbers, real, integers, real, integers, integers, integers, real)


def make_restore(precision: str) -> tuple[Any, Any]:
    """Return the kernel that brings results back, and the types of its arguments, for Numba-CUDA.

    Rows are worked on one after the other, so that what is read in no order stays in the cache.
    """

    def cubie_restore(  # noqa: PLR0913, PLR0917 - one argument an array
        runs: Any,
        rows: Any,
        found: Any,
        turn_of: Any,
        results: Any,
        findings: Any,
        reports: Any,
        own_results: Any,
        own_findings: Any,
        own_reports: Any,
    ) -> None:
        blocks = (runs + THREADS - 1) // THREADS
        row = cuda.blockIdx.x // blocks
        run = cuda.blockIdx.x % blocks * THREADS + cuda.threadIdx.x
        if run < runs:
            turn = turn_of[run]
            if row < rows:
                own_results[row * runs + run] = results[row * runs + turn]
            elif row < rows + found:
                own_findings[(row - rows) * runs + run] = findings[(row - rows) * runs + turn]
            else:
                own_reports[(row - rows - found) * runs + run] = reports[(row - rows - found) * runs + turn]

    arrays = _real(precision), types.CPointer(types.float64), types.CPointer(types.int32)
    return cubie_restore, (types.int64, types.int64, types.int64, types.CPointer(types.int32), *arrays, *arrays)


def _real(precision: str) -> Any:
    return types.CPointer({"float32": types.float32, "float64": types.float64}[precision])
