"""Running a plan on the cuda target, and what its kernel needs."""

import ctypes
import re
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.plan import Plan, Solution, TargetUnavailableError
from solvers.problem import PlanError
from solvers.targets import cuda_driver
from solvers.targets.occupancy import (
    Architecture,
    KernelResources,
    architecture_facts,
    largest_block,
    occupancy,
)
from solvers.targets.python_engine import default_values, empty_results

#: Share of the free device memory that the runs of one chunk may take.
MEMORY_SHARE = 0.85
DEFAULT_ARCHITECTURE: Architecture = (9, 0)


def describe() -> str:
    """Return the GPU's name, or why there is none to use."""
    reason = why_unavailable()
    if reason:
        return f"unavailable: {reason[0]}"
    with cuda_driver.open_device() as device:
        major, minor = device.capability
        return f"{device.name}, sm_{major}{minor}, {device.memory_bytes / 2**30:.0f} GiB"


def why_unavailable() -> tuple[str, str] | None:
    """Return what keeps this machine from running on a GPU, and a remedy; None where nothing does."""
    reason = cuda_driver.why_none()
    if reason:
        return f"there is no GPU to run on: {reason}", "use --target cpu, which needs none"
    from solvers.targets import cuda_toolchain  # noqa: PLC0415 - imports Numba

    try:
        cuda_toolchain.require_toolkit()
    except cuda_toolchain.ToolkitMissingError as error:
        return str(error), error.hint
    return None


@dataclass(frozen=True)
class CudaKernel:
    """A compiled kernel and how it is launched.

    Parameters
    ----------
    name, cubin
        The entry and its machine code.
    resources
        What it needs.
    arch
        Compute capability.
    threads
        Threads, that is runs, a block.
    shared_bytes
        Dynamic shared memory a block.
    """

    name: str
    cubin: bytes
    resources: KernelResources
    arch: Architecture
    threads: int
    shared_bytes: int

    def facts(self) -> dict[str, Any]:
        """Return what it needs and how many of its blocks a multiprocessor holds."""
        resources = self.resources
        resident = occupancy(resources, self.threads, self.shared_bytes, self.arch)
        return {
            "arch": f"sm_{self.arch[0]}{self.arch[1]}",
            "registers": resources.registers,
            "local_bytes": resources.stack_bytes,
            "spill_bytes": resources.spill_store_bytes + resources.spill_load_bytes,
            "instructions": resources.instructions,
            "threads_per_block": self.threads,
            "shared_bytes_per_block": self.shared_bytes,
            "occupancy": resident.fraction,
            "limiter": resident.limiter,
        }


def compile_plan(plan: Plan, arch: Architecture) -> CudaKernel:
    """Compile a plan's kernel for an architecture; no GPU is needed.

    Raises
    ------
    PlanError
        If not even the smallest block has room for its shared buffers.
    solvers.targets.cuda_toolchain.ToolkitMissingError
        Without the toolkit's packages.
    """
    from solvers.targets import cuda, cuda_toolchain  # noqa: PLC0415 - import Numba

    totals = plan.registry.totals()
    stride = cuda.shared_stride(totals.shared)
    check_shared(stride, arch)
    integrate = plan.loop.build(cuda.CudaTarget(), plan.registry)
    kernel, arguments = cuda.make_kernel(integrate, plan.problem.solve.precision, stride, totals.persistent)
    compiled = cuda_toolchain.compile_kernel(kernel, arguments, arch)
    threads = largest_block(compiled.resources, stride, arch)
    if threads is None:
        raise _too_much_shared(stride, arch)
    return CudaKernel(compiled.name, compiled.cubin, compiled.resources, arch, threads, threads * stride)


def check_shared(stride: int, arch: Architecture) -> None:
    """Refuse shared buffers that a block of one warp has no room for.

    Raises
    ------
    PlanError
        With the figures.
    """
    if 32 * stride > architecture_facts(arch).shared_bytes_per_block:
        raise _too_much_shared(stride, arch)


def _too_much_shared(stride: int, arch: Architecture) -> PlanError:
    room = architecture_facts(arch).shared_bytes_per_block
    message = (
        f"the buffers in shared memory take {stride} bytes a run, {32 * stride} for the 32 runs of the smallest block; "
        f"sm_{arch[0]}{arch[1]} has {room} bytes a block"
    )
    return PlanError(message, 'move buffers to "local" or "persistent"', "buffers")


def kernel_report(plan: Plan, arch: str | None) -> dict[str, Any] | None:
    """Return what the kernel of a plan needs; None where the toolkit is missing.

    Parameters
    ----------
    arch
        Such as "sm_90"; None: that of the GPU here, else sm_90.

    Raises
    ------
    PlanError
        For an architecture that is not known.
    """
    from solvers.targets import cuda_toolchain  # noqa: PLC0415 - imports Numba

    chosen = parse_architecture(arch) if arch else _architecture_here()
    try:
        kernel = compile_plan(plan, chosen)
    except cuda_toolchain.ToolkitMissingError:
        return None
    return kernel.facts()


def parse_architecture(text: str) -> Architecture:
    """Return (major, minor) of a name such as sm_90.

    Raises
    ------
    PlanError
        If it is none.
    """
    match = re.fullmatch(r"sm_(\d+)(\d)", text)
    if match is None:
        raise PlanError(f"{text!r} is no GPU architecture", "write it like sm_90", "--arch")
    arch = int(match[1]), int(match[2])
    try:
        architecture_facts(arch)
    except ValueError as error:
        raise PlanError(str(error), None, "--arch") from error
    return arch


def _architecture_here() -> Architecture:
    if cuda_driver.why_none():
        return DEFAULT_ARCHITECTURE
    with cuda_driver.open_device() as device:
        return device.capability


class CudaSolver:
    """A plan compiled for the first GPU."""

    def __init__(self, plan: Plan) -> None:
        reason = why_unavailable()
        if reason:
            raise TargetUnavailableError(*reason)
        self.plan = plan
        self._device = cuda_driver.open_device()
        self.device = self._device.name
        start = time.perf_counter()
        self.kernel = compile_plan(plan, self._device.capability)
        self._module = cuda_driver.Module(self._device, self.kernel.cubin)
        self._function = self._module.function(self.kernel.name)
        self.compile_seconds = time.perf_counter() - start

    def kernel_report(self) -> dict[str, Any]:
        """Return what the kernel needs."""
        return self.kernel.facts()

    def runs_per_chunk(self, runs: int) -> int:
        """Return how many of some runs fit the device's free memory."""
        room = int(MEMORY_SHARE * self._device.free_bytes())
        return max(1, min(runs, room // self.plan.bytes_per_run))

    def solve(self, values: np.ndarray) -> Solution:
        """Solve a chunk; `values` has shape (swept, runs)."""
        plan, runs = self.plan, values.shape[1]
        variables, reports = empty_results(plan, runs)
        given = [np.ascontiguousarray(values, dtype=plan.dtype), default_values(plan), plan.times]
        start = time.perf_counter()
        inputs, defaults, times = (self._upload(array) for array in given)
        results = cuda_driver.DeviceMemory(self._device, variables.nbytes)
        rows = [cuda_driver.DeviceMemory(self._device, 4 * runs) for _ in range(3)]
        held = [inputs, defaults, results, times, *rows]
        try:
            kernel_seconds = self._launch(runs, held)
            results.copy_to(variables)
            for row, report in zip(rows, reports, strict=True):
                row.copy_to(report)
            self._device.synchronize()
        finally:
            for memory in held:
                memory.close()
        transfer = time.perf_counter() - start - kernel_seconds
        return Solution(variables, reports[0].astype(np.int8), reports[1], reports[2], kernel_seconds, transfer)

    def _upload(self, array: np.ndarray) -> cuda_driver.DeviceMemory:
        memory = cuda_driver.DeviceMemory(self._device, array.nbytes)
        memory.copy_from(array)
        return memory

    def _launch(self, runs: int, arrays: list[cuda_driver.DeviceMemory]) -> float:
        """Run the kernel; return its seconds by the device's clock."""
        before, after = cuda_driver.Event(self._device), cuda_driver.Event(self._device)
        arguments = [ctypes.c_int64(runs), *(memory.argument for memory in arrays)]
        blocks = -(-runs // self.kernel.threads)
        with before, after:
            before.record()
            self._function.launch(blocks, self.kernel.threads, arguments, shared_bytes=self.kernel.shared_bytes)
            after.record()
            after.synchronize()
            return after.milliseconds_since(before) / 1e3

    def close(self) -> None:
        """Release the device."""
        self._device.close()
