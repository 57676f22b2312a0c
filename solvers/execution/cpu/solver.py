"""Running on the cpu target: a thread a core, all taking runs from the queue of a chunk, then from that of the next."""

import ctypes
import os
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np

from solvers.execution.cpu.processor import processor
from solvers.execution.kernel import Kernel
from solvers.execution.solver import Solver, UnderWay
from solvers.interruptible import stack_of_threads
from solvers.planning.exchange import Exchange, ResultArrays, Solution
from solvers.straightline.setting import SYMBOL
from solvers.targets.cpu import machine as cpu_machine

#: Share of the memory that is free which results of one chunk may take.
MEMORY_SHARE = 0.25
ALIGNMENT = 64
#: Bytes of a page, and of a thread's stack beside local buffers.
_PAGE, _STACK = 4096, 8 << 20
#: C types of a kernel's arguments: the queue, the number of runs, eight arrays, two workspaces.
ARGUMENTS = (ctypes.c_void_p, ctypes.c_int64, *[ctypes.c_void_p] * 10)
#: Runs of a chunk for each lane, at least: at the end of a chunk lanes wait for the slowest run.
RUNS_A_LANE = 8

Workspace = tuple[np.ndarray, np.ndarray]


class CpuChunk(UnderWay):
    """Runs that threads take from a queue.

    Parameters
    ----------
    solver
        Has the threads.
    values, found
        Swept values, as the kernel takes them, and where results go.
    """

    def __init__(self, solver: "CpuSolver", values: np.ndarray, found: ResultArrays) -> None:
        self._found, self._runs = found, values.shape[1]
        self._queue = np.zeros(1, dtype=np.int64)
        exchange = solver.exchange
        arrays = (values, exchange.default_values(), found.variables, exchange.times, found.findings, *found.reports)
        self._arrays = arrays  # the threads have their addresses
        self._cores = [solver.submit(self._queue, self._runs, arrays) for _ in range(solver.threads)]

    def wait(self, seconds: float) -> bool:
        """Wait until the queue is empty and every core that took from it is done."""
        done, _ = wait(self._cores, seconds, return_when=FIRST_COMPLETED)
        if not done:
            return False
        # A core that has not begun, because others keep it busy, has nothing to do.
        self._cores = [core for core in self._cores if not core.cancel()]
        return not wait(self._cores, seconds).not_done

    def taken(self) -> int:
        """Return how many runs have been taken from the queue."""
        return min(int(self._queue[0]), int(self._runs))

    def solution(self) -> Solution:
        """Return what was found; the time is that of all cores, divided by their number."""
        seconds = [core.result() for core in self._cores]
        return self._found.solution(sum(seconds) / len(seconds))

    def abandon(self) -> None:
        """Leave the queue empty, and wait for the runs that are being solved."""
        self._queue[0] = self._runs
        wait([core for core in self._cores if not core.cancel()])


class CpuSolver(Solver):
    """A kernel on this machine's processors.

    Parameters
    ----------
    kernel
        What runs.
    exchange
        What it exchanges with the host.
    threads
        Cores to use; None: all that the process may use.
    """

    at_once = 2

    def __init__(self, kernel: Kernel, exchange: Exchange, threads: int | None = None) -> None:
        self.exchange = exchange
        found = processor()
        self.device = found.model
        self.threads = threads or found.threads
        self._lanes = kernel.details["lanes"]
        self.fewest = RUNS_A_LANE * self._lanes * self.threads
        self._totals = kernel.registry.totals()
        self._run = cpu_machine.LoadedFunction(kernel.code, kernel.details["symbol"], ARGUMENTS)
        addresses = {name: table.ctypes.data for name, table in exchange.tables.items()}
        self._run.write(SYMBOL, exchange.settings(kernel.settings, addresses))
        self._workspaces = [self._workspace() for _ in range(self.threads)]
        self._pool = ThreadPoolExecutor(self.threads)

    def kernel_report(self) -> None:
        """Return nothing: there is no CUDA kernel."""

    def runs_per_chunk(self, runs: int) -> int:
        """Return how many of some runs have results that fit a part of the free memory."""
        room = int(MEMORY_SHARE * free_bytes()) // self.at_once
        return max(1, min(runs, room // self.exchange.bytes_per_run))

    def begin(self, values: np.ndarray, memory: np.ndarray | None = None) -> UnderWay:
        """Begin to solve a chunk; `values` has shape (swept, runs)."""
        return CpuChunk(self, self.exchange.inputs(values), self.exchange.empty_results(values.shape[1], memory))

    def submit(self, queue: np.ndarray, runs: int, arrays: tuple[np.ndarray, ...]) -> "Future[float]":
        """Have a core take runs from a queue until it is empty; what it gives is the seconds that took."""
        addresses = [array.ctypes.data for array in arrays]

        def work() -> float:
            start, workspace = time.perf_counter(), self._workspaces.pop()
            self._run(queue.ctypes.data, runs, *addresses, *(part.ctypes.data for part in workspace))
            self._workspaces.append(workspace)
            return time.perf_counter() - start

        with stack_of_threads(self._stack_bytes):
            return self._pool.submit(work)

    def close(self) -> None:
        """Let go of the threads and the workspaces."""
        self._pool.shutdown()
        self._workspaces = []

    @property
    def _stack_bytes(self) -> int:
        """Bytes of stack for local buffers, and as many for what compilers put beside them."""
        pages = -(-2 * self._totals.local * self._lanes // _PAGE)
        return int(_STACK + pages * _PAGE)

    def _workspace(self) -> Workspace:
        """Return a core's memory for shared and persistent buffers."""
        return _aligned(self._totals.shared * self._lanes), _aligned(self._totals.persistent * self._lanes)


def _aligned(nbytes: int) -> np.ndarray:
    """Return undefined memory that starts at a multiple of `ALIGNMENT`; it reads as NaN."""
    room = np.full(nbytes + ALIGNMENT, 0xFF, dtype=np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return room[start : start + nbytes]


def free_bytes() -> int:
    """Return the memory that can be had without swapping."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="utf-8")
    except OSError:
        return int(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    kibibytes = next(line.split()[1] for line in text.splitlines() if line.startswith("MemAvailable"))
    return int(kibibytes) * 1024
