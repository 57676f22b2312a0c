"""Working on runs in an order in which neighbours are alike: a warp takes as long as its longest run."""

import ctypes
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from solvers.execution.cuda.driver import Device, DeviceMemory, Event, Module
from solvers.execution.cuda.run_cells import divide

#: The kernels, and the launches of the first.
ORDER, RESTORE = "cubie_order", "cubie_restore"
COUNT, ADD_UP, PLACE = range(3)
#: Threads of a block, few enough for one with all registers that a thread can have; one block adds up.
THREADS = 256
#: What is known of each run besides its variables: status, steps, rejected.
REPORTS = 3
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

    inputs: DeviceMemory
    results: DeviceMemory
    findings: DeviceMemory
    reports: DeviceMemory


class RunOrder:
    """An order of a chunk's runs, and their arrays in that order.

    Parameters
    ----------
    device, module
        Where it is worked out, and the code that does.
    values
        Swept values on the host, shape (rows, runs).
    own
        The arrays in the runs' own order.
    """

    def __init__(self, device: Device, module: Module, values: np.ndarray, own: RunArrays) -> None:
        self._order, self._restore = module.function(ORDER), module.function(RESTORE)
        self._rows, self._runs = values.shape
        self._own = own
        self._result_rows = own.results.bytes // values.itemsize // self._runs
        self._finding_rows = own.findings.bytes // 8 // self._runs
        cells = divide(values)
        self._numbers = (self._rows, cells.edges.shape[1], cells.count)
        sizes = (cells.levels.nbytes, cells.edges.nbytes, 4 * cells.count, 4 * self._runs)
        with ExitStack() as held:

            def memory(size: int) -> DeviceMemory:
                return held.enter_context(DeviceMemory(device, size))

            self._levels, self._edges, self._counts, self._turns = map(memory, sizes)
            self.arrays = RunArrays(
                *(memory(array.bytes) for array in (own.inputs, own.results, own.findings, own.reports))
            )
            self._levels.copy_from(cells.levels)
            self._edges.copy_from(cells.edges)
            self._counts.fill()
            self._held = held.pop_all()

    def establish(self, start: Event) -> None:
        """Queue what brings the swept values into order; the event is recorded before."""
        # Reports are written later: until then they hold each run's cell.
        arrays = (self._own.inputs, self._levels, self._edges, self._counts, self.arrays.reports, self._turns)
        given = [ctypes.c_int64(self._runs), *map(ctypes.c_int32, self._numbers), *_addresses(*arrays)]
        for phase, blocks in ((COUNT, self._blocks), (ADD_UP, 1), (PLACE, self._blocks)):
            arguments = [ctypes.c_int32(phase), *given, self.arrays.inputs.argument]
            self._order.launch(blocks, THREADS, arguments, before=start if phase == COUNT else None)

    def restore(self, end: Event) -> None:
        """Queue what brings results, findings and reports into the runs' own order; the event is recorded after."""
        sizes = [ctypes.c_int64(size) for size in (self._runs, self._result_rows, self._finding_rows)]
        found, own = ((each.results, each.findings, each.reports) for each in (self.arrays, self._own))
        arguments = [*sizes, *_addresses(self._turns, *found, *own)]
        self._restore.launch(
            self._blocks * (self._result_rows + self._finding_rows + REPORTS), THREADS, arguments, after=end
        )

    @property
    def _blocks(self) -> int:
        return int(-(-self._runs // THREADS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()


def _addresses(*arrays: DeviceMemory) -> Sequence[Any]:
    return [array.argument for array in arrays]
