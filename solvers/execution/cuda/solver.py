"""Running on a GPU: copies to it, kernels and copies back, each in order and all at the same time."""

import ctypes
import time
from functools import partial
from typing import Any, Self

import numpy as np

from solvers.errors import TargetUnavailableError
from solvers.execution.cuda import driver as cuda_driver
from solvers.execution.cuda.driver import Device, DeviceMemory, DeviceRange, Event, PinnedArray, ReusedMemory, Stream
from solvers.execution.cuda.engine import why_no_device
from solvers.execution.cuda.launch import FEWEST_ORDERED, Launch, order_bytes_per_run
from solvers.execution.cuda.run_order import MOST_RUNS, RunArrays, RunOrder
from solvers.execution.kernel import Kernel
from solvers.execution.solver import Solver, UnderWay
from solvers.planning.exchange import REPORTS, Exchange, ResultArrays, Solution, aligned
from solvers.straightline.setting import SYMBOL

#: Share of the free device memory that the runs under way may take.
MEMORY_SHARE = 0.85
#: Share of the device's memory up to which that of a chunk is kept for the next one; allocating more takes no longer.
KEPT_SHARE = 1 / 16
#: The byte that makes a float of any type NaN.
NAN = 0xFF
#: Threads that a multiprocessor has room for.
RESIDENT_THREADS = 2048
#: Seconds between looks at the device: first, and at most.
FIRST_LOOK, LAST_LOOK = 20e-6, 2e-3


class Slot:
    """What one chunk at a time has on the device: memory, a stream for its copies, marks in time.

    Parameters
    ----------
    device
        Where it is.
    """

    def __init__(self, device: Device) -> None:
        self.stream = Stream(device)
        self.given, self.before, self.after = (Event(device) for _ in range(3))
        self.queue = DeviceMemory(device, 8)
        self.taken = PinnedArray(device, 1, np.int64).array
        self.memory = ReusedMemory(device)

    def place(self, inputs: np.ndarray, found: ResultArrays) -> tuple[RunArrays, DeviceRange]:
        """Return the places of what a chunk is given and what it gives; then of all the latter, as on the host."""
        first = aligned(inputs.nbytes)
        whole = self.memory.of(first + found.whole.nbytes)
        results = whole.part(first, found.whole.nbytes)
        start = found.whole.ctypes.data
        parts = [
            results.part(array.ctypes.data - start, array.nbytes)
            for array in (found.variables, found.findings, found.reports)
        ]
        return RunArrays(whole.part(0, inputs.nbytes), *parts), results


class CudaChunk(UnderWay):
    """Runs on the device, in the place of a slot that is theirs until they are fetched.

    Parameters
    ----------
    solver
        Takes the slot back.
    slot
        Where the runs are.
    inputs
        Swept values on the host.
    found, results
        Where the results go on the host, and where they are on the device.
    """

    def __init__(
        self, solver: "CudaSolver", slot: Slot, inputs: np.ndarray, found: ResultArrays, results: DeviceRange
    ) -> None:
        self._solver, self._slot = solver, slot
        self._inputs = inputs  # they are copied meanwhile
        self._found, self._results = found, results

    def wait(self, seconds: float) -> bool:
        """Look at the device, less and less often."""
        until, pause = time.monotonic() + seconds, FIRST_LOOK
        while not self._slot.after.passed():
            if time.monotonic() > until:
                return False
            time.sleep(pause)
            pause = min(2 * pause, LAST_LOOK)
        return True

    def taken(self) -> int:
        """Return how many runs threads have taken; 0 of a kernel that has no queue."""
        self._slot.queue.copy_to(self._slot.taken, self._slot.stream)
        self._slot.stream.synchronize()
        return min(int(self._slot.taken[0]), int(self._found.reports.shape[1]))

    def solution(self) -> Solution:
        """Fetch what was found."""
        start = time.perf_counter()
        self._results.copy_to(self._found.whole, self._slot.stream)
        self._slot.stream.synchronize()
        seconds = time.perf_counter() - start
        kernel = self._slot.after.milliseconds_since(self._slot.before) / 1e3
        self._solver.take_back(self._slot)
        return self._found.solution(kernel, seconds)

    def abandon(self) -> None:
        """Do nothing: a kernel runs to its end, and writes to the device alone."""


class CudaSolver(Solver):
    """A kernel on a GPU.

    Parameters
    ----------
    kernel
        What runs.
    exchange
        What it exchanges with the host.
    index
        Of the GPU.
    """

    at_once = 2

    def __init__(self, kernel: Kernel, exchange: Exchange, index: int = 0) -> None:
        reason = why_no_device()
        if reason:
            raise TargetUnavailableError(*reason)
        self.exchange = exchange
        self.launch = Launch.from_json(kernel.details)
        self._grid = self.launch.grid(exchange)
        self._device = cuda_driver.open_device(index)
        self.device = self._device.name
        self.fewest = RESIDENT_THREADS * self._device.multiprocessors // self.launch.threads_per_run
        self._module = cuda_driver.Module(self._device, kernel.code)
        self._function = self._module.function(self.launch.name)
        self._tables = {name: self._copied(table) for name, table in exchange.tables.items()}
        self._common = [self._copied(array) for array in (exchange.default_values(), exchange.times)]
        if kernel.settings:
            addresses = {name: memory.address for name, memory in self._tables.items()}
            self._module.write(SYMBOL, exchange.settings(kernel.settings, addresses))
        self._device.synchronize()
        self._stream = Stream(self._device)
        self._free: list[Slot] = []
        self._ordered = ReusedMemory(self._device)

    def _copied(self, table: np.ndarray) -> DeviceMemory:
        """Return a table's copy on the device, which keeps it until it is closed."""
        memory = DeviceMemory(self._device, table.nbytes)
        memory.copy_from(table)
        return memory

    def kernel_report(self) -> dict[str, Any]:
        """Return what the kernel needs."""
        return self.launch.facts()

    def runs_per_chunk(self, runs: int) -> int:
        """Return how many of some runs fit the device's free memory."""
        room = int(MEMORY_SHARE * self._device.free_bytes())
        each = self.at_once * self.exchange.bytes_per_run
        if self.launch.ordered:
            runs, each = min(runs, MOST_RUNS), each + order_bytes_per_run(self.exchange)
        return max(1, min(runs, room // each))

    def adopt(self) -> Self:
        """Make the device the calling thread's as well."""
        self._device.use()
        return self

    def host_memory(self, size: int) -> np.ndarray:
        """Return so many bytes that the device writes to by itself."""
        return PinnedArray(self._device, size, np.uint8).array

    def begin(self, values: np.ndarray, memory: np.ndarray | None = None) -> UnderWay:
        """Begin to solve a chunk; `values` has shape (swept, runs)."""
        runs = values.shape[1]
        found, inputs = self.exchange.results(runs, memory), self.exchange.inputs(values)
        slot = self._free.pop() if self._free else Slot(self._device)
        arrays, results = slot.place(inputs, found)
        arrays.inputs.copy_from(inputs, slot.stream)
        slot.queue.fill(stream=slot.stream)
        slot.given.record(slot.stream)
        self._stream.wait(slot.given)
        order = RunOrder(self._module, self._ordered, inputs, arrays, self._stream) if self._pays(runs) else None
        self._launch(runs, slot, arrays, order)
        return CudaChunk(self, slot, inputs, found, results)

    def take_back(self, slot: Slot) -> None:
        """Keep a slot for another chunk."""
        for memory in (slot.memory, self._ordered):
            if memory.bytes > KEPT_SHARE * self._device.memory_bytes:
                memory.free()
        self._free.append(slot)

    def _pays(self, runs: int) -> bool:
        """Return whether an order pays."""
        return self.launch.ordered and runs >= FEWEST_ORDERED * self._device.multiprocessors

    def _launch(self, runs: int, slot: Slot, own: RunArrays, order: RunOrder | None) -> None:
        """Queue the kernel, and what brings runs into an order and back, between two marks."""
        arrays = order.arrays if order else own
        blocks, threads = self._grid.shape(runs * self.launch.threads_per_run, self._device.multiprocessors)
        launch = partial(
            self._function.launch,
            blocks,
            threads,
            self._arguments(runs, slot, arrays),
            shared_bytes=threads * self.launch.stride,
            stream=self._stream,
        )
        arrays.findings.fill(NAN, self._stream)
        if order:
            order.establish(slot.before)
            launch()
            order.restore(slot.after)
        else:
            launch(before=slot.before, after=slot.after)

    def _arguments(self, runs: int, slot: Slot, arrays: RunArrays) -> list[Any]:
        """Return a kernel's arguments, with the runs' own arrays or those in another order."""
        defaults, times = self._common
        memories = (arrays.inputs, defaults, arrays.results, times, arrays.findings)
        reports = [ctypes.c_void_p(arrays.reports.address + 4 * runs * row) for row in range(REPORTS)]
        return [slot.queue.argument, ctypes.c_int64(runs), *(memory.argument for memory in memories), *reports]

    def close(self) -> None:
        """Release the device."""
        self._device.close()
