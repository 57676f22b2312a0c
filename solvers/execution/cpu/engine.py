"""Compiling and running on the cpu target: one thread a core, all taking runs from one queue."""

import ctypes
import os
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from solvers.execution.cpu.processor import processor
from solvers.execution.kernel import Kernel
from solvers.planning.exchange import Exchange, Solution
from solvers.straightline.setting import SYMBOL
from solvers.targets.cpu import machine as cpu_machine
from solvers.targets.cpu.lanes import group_for

if TYPE_CHECKING:
    from solvers.planning.plan import Plan
    from solvers.targets.listing import Listing
    from solvers.targets.written import Announce

#: Share of the memory that is free which results of one chunk may take.
MEMORY_SHARE = 0.25
ALIGNMENT = 64
#: C types of a kernel's arguments: the queue, the number of runs, eight arrays, two workspaces.
ARGUMENTS = (ctypes.c_void_p, ctypes.c_int64, *[ctypes.c_void_p] * 10)


def describe() -> str:
    """Return the processor's name and its vector width."""
    found = processor()
    return f"{found.model}, {8 * cpu_machine.vector_bytes()}-bit vectors, {found.threads} threads"


def compile_plan(plan: "Plan", listing: "Listing | None" = None, announce: "Announce | None" = None) -> Kernel:
    """Compile a plan's kernel for this machine's processors.

    Parameters
    ----------
    listing
        Takes what the kernel is made of.
    announce
        Is told how much there is to optimise, before that begins.
    """
    from solvers.execution.cpu.entry import make_kernel  # noqa: PLC0415 - imports Numba
    from solvers.targets.cpu.compiler import machine_code  # noqa: PLC0415 - likewise
    from solvers.targets.cpu.target import CpuTarget  # noqa: PLC0415 - likewise

    start = time.perf_counter()
    problem, precision = plan.problem, plan.problem.solve.precision
    group = group_for(np.dtype(precision).itemsize, len(problem.system.states), problem.kernel.vectors)
    target = CpuTarget(group, listing)
    kernel = make_kernel(target, plan.loop.build(target, plan.registry), precision)
    code, symbol = machine_code(*kernel, target.settings, listing, announce)
    seconds = time.perf_counter() - start
    details = {"symbol": symbol, "lanes": group.lanes}
    settings = tuple(target.settings.slots.values())
    known = plan.registry, plan.unused, plan.values, plan.derivatives
    return Kernel("cpu", *known, code, settings, plan.form, details, seconds)


class CpuSolver:
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

    def __init__(self, kernel: Kernel, exchange: Exchange, threads: int | None = None) -> None:
        self.exchange = exchange
        found = processor()
        self.device = found.model
        self.threads = threads or found.threads
        self._lanes = kernel.details["lanes"]
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
        room = int(MEMORY_SHARE * _free_bytes())
        return max(1, min(runs, room // self.exchange.bytes_per_run))

    def solve(self, values: np.ndarray) -> Solution:
        """Solve a chunk; `values` has shape (swept, runs)."""
        exchange, runs = self.exchange, values.shape[1]
        variables, findings, reports = exchange.empty_results(runs)
        queue = np.zeros(1, dtype=np.int64)
        arrays = (exchange.inputs(values), exchange.default_values(), variables, exchange.times, findings, *reports)
        addresses = [array.ctypes.data for array in arrays]

        def work(workspace: tuple[np.ndarray, np.ndarray]) -> None:
            self._run(queue.ctypes.data, runs, *addresses, *(part.ctypes.data for part in workspace))

        start = time.perf_counter()
        cores = [self._pool.submit(work, workspace) for workspace in self._workspaces]
        try:
            wait(cores, return_when=FIRST_COMPLETED)
            # The queue is empty: a core that has not begun, because others keep it busy, has nothing to do.
            begun = [core for core in cores if not core.cancel()]
            for core in begun:
                core.result()
        except BaseException:
            queue[0] = runs  # the cores stop after the runs they have
            wait(cores)
            raise
        seconds = time.perf_counter() - start
        status, steps, rejected = reports
        return Solution(variables, findings, status.astype(np.int8), steps, rejected, seconds, 0.0)

    def close(self) -> None:
        """Let go of the threads and the workspaces."""
        self._pool.shutdown()
        self._workspaces = []

    def _workspace(self) -> tuple[np.ndarray, np.ndarray]:
        """Return a core's memory for shared and persistent buffers."""
        return _aligned(self._totals.shared * self._lanes), _aligned(self._totals.persistent * self._lanes)


def _aligned(nbytes: int) -> np.ndarray:
    """Return undefined memory that starts at a multiple of `ALIGNMENT`; it reads as NaN."""
    room = np.full(nbytes + ALIGNMENT, 0xFF, dtype=np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return room[start : start + nbytes]


def _free_bytes() -> int:
    """Return the memory that can be had without swapping."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="utf-8")
    except OSError:
        return int(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    kibibytes = next(line.split()[1] for line in text.splitlines() if line.startswith("MemAvailable"))
    return int(kibibytes) * 1024
