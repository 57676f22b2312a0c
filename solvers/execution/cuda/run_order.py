"""Working on runs in an order in which neighbours are alike: a warp takes as long as its longest run."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.execution.cuda.driver import DeviceRange, Event, Module, ReusedMemory, Stream
from solvers.execution.cuda.run_cells import divide
from solvers.planning.exchange import REPORTS, aligned

#: The kernels, and the launches of the first.
ORDER, RESTORE = "cubie_order", "cubie_restore"
COUNT, ADD_UP, PLACE = range(3)
#: Threads of a block, few enough for one with all registers that a thread can have; one block adds up.
THREADS = 256
#: The most runs that an int32 can name.
MOST_RUNS = 2**31 - 1


@dataclass(frozen=True)
class RunArrays:
    """What a kernel reads and writes for each run, on the device.

    Parameters
    ----------
    inputs
        Swept values, (rows, runs).
    results
        Variables at their times, (rows, runs).
    findings
        What else is told, float64, (rows, runs).
    reports
        Status, steps, rejected, int32 of shape (3, runs).
    """

    inputs: DeviceRange
    results: DeviceRange
    findings: DeviceRange
    reports: DeviceRange


class RunOrder:
    """An order of a chunk's runs, and their arrays in that order.

    Parameters
    ----------
    module, memory
        The code that works it out, and what it may use on the device until `restore` is done.
    values
        Swept values on the host, shape (rows, runs).
    own
        The arrays in the runs' own order.
    stream
        Where all of it is queued.
    """

    def __init__(
        self, module: Module, memory: ReusedMemory, values: np.ndarray, own: RunArrays, stream: Stream | None = None
    ) -> None:
        self._order, self._restore = module.function(ORDER), module.function(RESTORE)
        self._rows, self._runs = values.shape
        self._own, self._stream = own, stream
        self._result_rows = own.results.bytes // values.itemsize // self._runs
        self._finding_rows = own.findings.bytes // 8 // self._runs
        cells = divide(values)
        self._numbers = (self._rows, cells.edges.shape[1], cells.count)
        sizes = [cells.levels.nbytes, cells.edges.nbytes, 4 * cells.count, 4 * self._runs]
        sizes += [array.bytes for array in (own.inputs, own.results, own.findings, own.reports)]
        self._levels, self._edges, self._counts, self._turns, *arrays = _divided(memory, sizes)
        self.arrays = RunArrays(*arrays)
        self._levels.copy_from(cells.levels, stream)
        self._edges.copy_from(cells.edges, stream)
        self._counts.fill(stream=stream)

    def establish(self, start: Event) -> None:
        """Queue what brings the swept values into order; the event is recorded before."""
        # Reports are written later: until then they hold each run's cell.
        arrays = (self._own.inputs, self._levels, self._edges, self._counts, self.arrays.reports, self._turns)
        given = [ctypes.c_int64(self._runs), *map(ctypes.c_int32, self._numbers), *_addresses(*arrays)]
        for phase, blocks in ((COUNT, self._blocks), (ADD_UP, 1), (PLACE, self._blocks)):
            arguments = [ctypes.c_int32(phase), *given, self.arrays.inputs.argument]
            self._order.launch(
                blocks, THREADS, arguments, stream=self._stream, before=start if phase == COUNT else None
            )

    def restore(self, end: Event) -> None:
        """Queue what brings results, findings and reports into the runs' own order; the event is recorded after."""
        sizes = [ctypes.c_int64(size) for size in (self._runs, self._result_rows, self._finding_rows)]
        found, own = ((each.results, each.findings, each.reports) for each in (self.arrays, self._own))
        arguments = [*sizes, *_addresses(self._turns, *found, *own)]
        blocks = self._blocks * (self._result_rows + self._finding_rows + REPORTS)
        self._restore.launch(blocks, THREADS, arguments, stream=self._stream, after=end)

    @property
    def _blocks(self) -> int:
        return int(-(-self._runs // THREADS))


def _divided(memory: ReusedMemory, sizes: Sequence[int]) -> list[DeviceRange]:
    """Return ranges of these sizes, one after the other."""
    starts = [0, *np.cumsum([aligned(size) for size in sizes])]
    whole = memory.of(int(starts[-1]))
    return [whole.part(int(start), size) for start, size in zip(starts, sizes, strict=False)]


def _addresses(*arrays: DeviceRange) -> Sequence[Any]:
    return [array.argument for array in arrays]
