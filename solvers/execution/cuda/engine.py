"""Compiling for the cuda target, what a kernel needs, and running it."""

import ctypes
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.errors import PlanError, TargetUnavailableError
from solvers.execution.cuda import driver as cuda_driver
from solvers.execution.cuda.driver import Device, DeviceMemory
from solvers.execution.cuda.launch import (
    FEWEST_ORDERED,
    Launch,
    check_local,
    check_shared,
    order_bytes_per_run,
    patience_rule,
    registers_rule,
)
from solvers.execution.cuda.occupancy import Architecture, architecture_facts
from solvers.execution.cuda.run_order import MOST_RUNS, REPORTS, RunArrays, RunOrder
from solvers.execution.kernel import Kernel
from solvers.planning.exchange import Exchange, Solution
from solvers.straightline.setting import SYMBOL

if TYPE_CHECKING:
    from solvers.execution.cuda.toolchain import CompiledKernel
    from solvers.planning.plan import Plan
    from solvers.targets.listing import Listing
    from solvers.targets.written import Announce

#: Share of the free device memory that the runs of one chunk may take.
MEMORY_SHARE = 0.85
#: Share of the device's memory up to which that of a chunk is kept for the next one; allocating more takes no longer.
KEPT_SHARE = 1 / 16
DEFAULT_ARCHITECTURE: Architecture = (9, 0)
#: The byte that makes a float of any type NaN.
NAN = 0xFF


def describe() -> str:
    """Return the GPU's name, or why there is none to use."""
    reason = why_unavailable()
    if reason:
        message, _ = reason
        return f"unavailable: {message}"
    with cuda_driver.open_device() as device:
        major, minor = device.capability
        return f"{device.name}, sm_{major}{minor}, {device.memory_bytes / 2**30:.0f} GiB"


def why_unavailable() -> tuple[str, str] | None:
    """Return what keeps this machine from compiling for a GPU and running on it, and a remedy; None: nothing."""
    return why_no_device() or why_no_toolkit()


def why_no_device() -> tuple[str, str] | None:
    """Return what keeps this machine from running on a GPU, and a remedy; None where nothing does."""
    reason = cuda_driver.why_none()
    return (f"there is no GPU to run on: {reason}", "use --target cpu, which needs none") if reason else None


def why_no_toolkit() -> tuple[str, str] | None:
    """Return what keeps this machine from compiling for a GPU, and a remedy; None where nothing does."""
    from solvers.execution.cuda import toolchain as cuda_toolchain  # noqa: PLC0415 - imports Numba

    try:
        cuda_toolchain.require_toolkit()
    except cuda_toolchain.ToolkitMissingError as error:
        return str(error), error.hint
    return None


def compile_plan(
    plan: "Plan", arch: str | None = None, listing: "Listing | None" = None, announce: "Announce | None" = None
) -> Kernel:
    """Compile a plan's kernel; no GPU is needed.

    Parameters
    ----------
    arch
        Such as "sm_90"; None: that of the GPU here, else sm_90.
    listing
        Takes what the kernel is made of.
    announce
        Is told how much there is to optimise, before that begins.

    Raises
    ------
    PlanError
        For an architecture that is not known, and if not even the smallest block has room for its shared buffers.
    TargetUnavailableError
        Without the toolkit's packages.
    """
    reason = why_no_toolkit()
    if reason:
        raise TargetUnavailableError(*reason)
    from solvers.execution.cuda import sorting as cuda_order  # noqa: PLC0415 - import Numba
    from solvers.execution.cuda import toolchain as cuda_toolchain  # noqa: PLC0415 - import Numba
    from solvers.execution.cuda.entry import make_kernel, shared_stride  # noqa: PLC0415 - import Numba
    from solvers.targets.cuda.target import CudaTarget  # noqa: PLC0415 - import Numba

    start = time.perf_counter()
    chosen = parse_architecture(architecture_name(arch))
    totals = plan.registry.totals()
    stride = shared_stride(totals.shared)
    check_shared(stride, chosen)
    check_local(totals.local + totals.persistent)
    problem, settings, precision = plan.problem, plan.problem.kernel, plan.problem.solve.precision
    adaptive, saves, ordered = problem.fixed_steps is None, not problem.only_end, plan.ordered
    states, disorder = len(problem.system.states), problem.disorder
    patience = patience_rule(settings, disorder=disorder, adaptive=adaptive, saves=saves, states=states)
    registers = registers_rule(
        settings, single=precision == "float32", adaptive=adaptive, explicit=problem.explicit, states=states
    )
    target = CudaTarget(patience, listing)
    integrate = plan.loop.build(target, plan.registry)
    entry, arguments = make_kernel(integrate, precision, stride, totals.persistent)
    beside = [cuda_order.make_order(precision), cuda_order.make_restore(precision)] if ordered else []
    compiled = cuda_toolchain.compile_kernel(
        entry,
        arguments,
        chosen,
        max_registers=registers,
        beside=beside,
        definitions=target.definitions,
        announce=announce,
    )
    scatters = adaptive and saves
    launch = Launch(compiled.name, compiled.resources, chosen, stride, settings, bool(patience), scatters, ordered)
    launch.grid()
    seconds = time.perf_counter() - start
    if listing is not None:
        _list(compiled, listing)
    return Kernel(
        "cuda",
        plan.registry,
        plan.unused,
        plan.values,
        plan.derivatives,
        compiled.cubin,
        tuple(target.settings.slots.values()),
        plan.form,
        asdict(launch),
        seconds,
    )


def _list(compiled: "CompiledKernel", listing: "Listing") -> None:
    """Hand over what a kernel is made of."""
    from solvers.execution.cuda.disassembly import disassemble  # noqa: PLC0415 - imports Numba
    from solvers.execution.cuda.toolchain import ToolchainError, module_name  # noqa: PLC0415 - likewise

    for module in sorted(compiled.modules, key=module_name):
        listing.add_llvm(f"llvm/{module_name(module)}", "LLVM code as written", module)
    listing.add("kernel.ptx", "PTX", compiled.ptx)
    try:
        listing.add("kernel.sass", "SASS", disassemble(compiled.cubin))
    except ToolchainError as error:
        listing.remarks.append(f"there is no kernel.sass: {error}")


def report(kernel: Kernel) -> dict[str, Any]:
    """Return what a kernel needs."""
    return Launch.from_json(kernel.details).facts()


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
    major, minor = match.groups()
    arch = int(major), int(minor)
    try:
        architecture_facts(arch)
    except ValueError as error:
        raise PlanError(str(error), None, "--arch") from error
    return arch


def architecture_name(arch: str | None = None) -> str:
    """Return an architecture's name, as it is written: None means that of the GPU here, else sm_90."""
    if arch is not None:
        return arch
    major, minor = DEFAULT_ARCHITECTURE if cuda_driver.why_none() else cuda_driver.capability()
    return f"sm_{major}{minor}"


class ChunkMemory:
    """What a chunk of runs takes on the device.

    Parameters
    ----------
    device
        Where it is.
    exchange
        The values that all runs share, and the save times.
    arrays
        Swept values, results, findings and reports on the host, whose sizes those on the device have.
    """

    def __init__(self, device: Device, exchange: Exchange, arrays: Sequence[np.ndarray]) -> None:
        self.sizes = [array.nbytes for array in arrays]
        with ExitStack() as held:

            def memory(size: int) -> DeviceMemory:
                return held.enter_context(DeviceMemory(device, size))

            self.own = RunArrays(*map(memory, self.sizes))
            self.queue = memory(8)
            self.common = []
            for array in (exchange.default_values(), exchange.times):
                self.common.append(memory(array.nbytes))
                self.common[-1].copy_from(array)
            self._held = held.pop_all()

    def arguments(self, runs: int, arrays: RunArrays) -> list[Any]:
        """Return a kernel's arguments, with the runs' own arrays or those in another order."""
        defaults, times = self.common
        memories = (arrays.inputs, defaults, arrays.results, times, arrays.findings)
        reports = [ctypes.c_void_p(arrays.reports.address + 4 * runs * row) for row in range(REPORTS)]
        return [self.queue.argument, ctypes.c_int64(runs), *(memory.argument for memory in memories), *reports]

    def close(self) -> None:
        """Free it."""
        self._held.close()


def _copied(device: Device, table: np.ndarray) -> DeviceMemory:
    """Return a table's copy on the device, which keeps it until it is closed."""
    memory = DeviceMemory(device, table.nbytes)
    memory.copy_from(table)
    return memory


class CudaSolver:
    """A kernel on the first GPU.

    Parameters
    ----------
    kernel
        What runs.
    exchange
        What it exchanges with the host.
    """

    def __init__(self, kernel: Kernel, exchange: Exchange) -> None:
        reason = why_no_device()
        if reason:
            raise TargetUnavailableError(*reason)
        self.exchange = exchange
        self.launch = Launch.from_json(kernel.details)
        self._grid = self.launch.grid(exchange)
        self._device = cuda_driver.open_device()
        self.device = self._device.name
        self._module = cuda_driver.Module(self._device, kernel.code)
        self._function = self._module.function(self.launch.name)
        self._tables = {name: _copied(self._device, table) for name, table in exchange.tables.items()}
        if kernel.settings:
            addresses = {name: memory.address for name, memory in self._tables.items()}
            self._module.write(SYMBOL, exchange.settings(kernel.settings, addresses))
        self._memory: ChunkMemory | None = None

    def kernel_report(self) -> dict[str, Any]:
        """Return what the kernel needs."""
        return self.launch.facts()

    def runs_per_chunk(self, runs: int) -> int:
        """Return how many of some runs fit the device's free memory."""
        room = int(MEMORY_SHARE * self._device.free_bytes())
        each = self.exchange.bytes_per_run
        if self.launch.ordered:
            runs, each = min(runs, MOST_RUNS), each + order_bytes_per_run(self.exchange)
        return max(1, min(runs, room // each))

    def solve(self, values: np.ndarray) -> Solution:
        """Solve a chunk; `values` has shape (swept, runs)."""
        exchange, runs = self.exchange, values.shape[1]
        variables, findings, reports = exchange.empty_results(runs)
        given = exchange.inputs(values)
        start = time.perf_counter()
        memory = self._memory_for(given, variables, findings, reports)
        memory.own.inputs.copy_from(given)
        with ExitStack() as held:
            order = (
                held.enter_context(RunOrder(self._device, self._module, given, memory.own))
                if self._pays(runs)
                else None
            )
            kernel_seconds = self._launch(runs, memory, order)
        memory.own.results.copy_to(variables)
        if findings.nbytes:
            memory.own.findings.copy_to(findings)
        memory.own.reports.copy_to(reports)
        self._device.synchronize()
        if sum(memory.sizes) > KEPT_SHARE * self._device.memory_bytes:
            self._free_memory()
        transfer = time.perf_counter() - start - kernel_seconds
        status, steps, rejected = reports
        return Solution(variables, findings, status.astype(np.int8), steps, rejected, kernel_seconds, transfer)

    def _memory_for(self, *arrays: np.ndarray) -> ChunkMemory:
        """Return memory for a chunk: that of the last one, where it fits."""
        if self._memory and self._memory.sizes != [array.nbytes for array in arrays]:
            self._free_memory()
        self._memory = self._memory or ChunkMemory(self._device, self.exchange, arrays)
        return self._memory

    def _free_memory(self) -> None:
        if self._memory:
            self._memory.close()
        self._memory = None

    def _pays(self, runs: int) -> bool:
        """Return whether an order pays."""
        return self.launch.ordered and runs >= FEWEST_ORDERED * self._device.multiprocessors

    def _launch(self, runs: int, memory: ChunkMemory, order: RunOrder | None) -> float:
        """Run the kernel; return its seconds by the device's clock, with those that an order takes."""
        before, after = cuda_driver.Event(self._device), cuda_driver.Event(self._device)
        blocks, threads = self._grid.shape(runs, self._device.multiprocessors)
        shared_bytes = threads * self.launch.stride
        arguments = memory.arguments(runs, order.arrays if order else memory.own)
        with before, after:
            memory.queue.fill()
            (order.arrays if order else memory.own).findings.fill(NAN)
            if order:
                order.establish(before)
                self._function.launch(blocks, threads, arguments, shared_bytes=shared_bytes)
                order.restore(after)
            else:
                self._function.launch(blocks, threads, arguments, shared_bytes=shared_bytes, before=before, after=after)
            after.synchronize()
            return after.milliseconds_since(before) / 1e3

    def close(self) -> None:
        """Release the device."""
        self._device.close()
