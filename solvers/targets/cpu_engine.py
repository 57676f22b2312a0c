"""Running a plan on the cpu target: one thread a core, all taking runs from one queue."""

import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np

from solvers.plan import Plan, Solution
from solvers.targets.cpu import CpuTarget, compile_kernel
from solvers.targets.python_engine import default_values, empty_results

#: Share of the memory that is free which results of one chunk may take.
MEMORY_SHARE = 0.25
#: States up to which two vectors a value hide latency; more than that and registers run out.
FEW_STATES = 12
ALIGNMENT = 64


def describe() -> str:
    """Return the processor's name and its vector width."""
    return f"{_model()}, {8 * vector_bytes()}-bit vectors, {usable_threads()} threads"


def usable_threads() -> int:
    """Return the processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def vector_bytes() -> int:
    """Return the bytes of this machine's widest vector registers."""
    features = llvm.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx2") else 16


def lanes_for(itemsize: int, states: int) -> int:
    """Return how many runs a core advances together."""
    vectors = 2 if states <= FEW_STATES else 1
    return vectors * vector_bytes() // itemsize


class CpuSolver:
    """A plan compiled for this machine's processors."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.device = _model()
        self.threads = plan.threads or usable_threads()
        self._lanes = lanes_for(plan.dtype.itemsize, len(plan.problem.system.states))
        start = time.perf_counter()
        target = CpuTarget(self._lanes)
        integrate = plan.loop.build(target, plan.registry)
        self._kernel = compile_kernel(target, integrate, plan.problem.solve.precision)
        self.compile_seconds = time.perf_counter() - start
        self._workspaces = [self._workspace() for _ in range(self.threads)]

    def kernel_report(self) -> None:
        """Return nothing: there is no CUDA kernel."""

    def runs_per_chunk(self, runs: int) -> int:
        """Return how many of some runs have results that fit a part of the free memory."""
        room = int(MEMORY_SHARE * _free_bytes())
        return max(1, min(runs, room // self.plan.bytes_per_run))

    def solve(self, values: np.ndarray) -> Solution:
        """Solve a chunk; `values` has shape (swept, runs)."""
        plan, runs = self.plan, values.shape[1]
        variables, reports = empty_results(plan, runs)
        queue = np.zeros(1, dtype=np.int64)
        inputs = np.ascontiguousarray(values, dtype=plan.dtype)
        defaults, times = default_values(plan), plan.times
        arrays = (inputs, defaults, variables, times, *reports)
        addresses = [array.ctypes.data for array in arrays]

        def work(workspace: tuple[np.ndarray, np.ndarray]) -> None:
            self._kernel(queue.ctypes.data, runs, *addresses, *(part.ctypes.data for part in workspace))

        start = time.perf_counter()
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                list(pool.map(work, self._workspaces))
            except BaseException:
                queue[0] = runs  # the cores stop after the runs they have
                raise
        seconds = time.perf_counter() - start
        return Solution(variables, reports[0].astype(np.int8), reports[1], reports[2], seconds, 0.0)

    def close(self) -> None:
        """Let go of the workspaces."""
        self._workspaces = []

    def _workspace(self) -> tuple[np.ndarray, np.ndarray]:
        """Return a core's memory for shared and persistent buffers."""
        totals = self.plan.registry.totals()
        return _aligned(totals.shared * self._lanes), _aligned(totals.persistent * self._lanes)


def _aligned(nbytes: int) -> np.ndarray:
    """Return undefined memory that starts at a multiple of `ALIGNMENT`; it reads as NaN."""
    memory = np.full(nbytes + ALIGNMENT, 0xFF, dtype=np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + nbytes]


def _model() -> str:
    """Return the processor's name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _free_bytes() -> int:
    """Return the memory that can be had without swapping."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="utf-8")
    except OSError:
        return int(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    kibibytes = next(line.split()[1] for line in text.splitlines() if line.startswith("MemAvailable"))
    return int(kibibytes) * 1024
