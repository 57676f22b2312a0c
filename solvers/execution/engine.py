"""From a problem to a solution: plan what memory it takes, compile a kernel, load it, run batches.

Importing this module imports neither a compiler nor SymPy: a kernel that is stored runs without them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from solvers.errors import TargetUnavailableError
from solvers.execution.kernel import Kernel
from solvers.execution.solver import Solver
from solvers.planning.exchange import Exchange, Solution

if TYPE_CHECKING:
    from solvers.planning.plan import Plan
    from solvers.planning.problem import Problem
    from solvers.targets.listing import Listing
    from solvers.targets.written import Announce
    from solvers.trace import Recorder

__all__ = [
    "TARGETS",
    "Exchange",
    "Kernel",
    "Solution",
    "Solver",
    "TargetUnavailableError",
    "alike_devices",
    "architecture",
    "available_targets",
    "build",
    "choose_target",
    "compile_kernel",
    "interpret",
    "kernel_report",
    "load",
    "plan",
    "why_cannot_compile",
]

TARGETS = ("cuda", "cpu", "python")


def available_targets() -> dict[str, str]:
    """Return for each target the device it would use, or why it cannot be used."""
    from solvers.execution.cpu import engine as cpu_engine  # noqa: PLC0415 - see the module's docstring
    from solvers.execution.cuda import engine as cuda_engine  # noqa: PLC0415 - see the module's docstring

    return {
        "cuda": cuda_engine.describe(),
        "cpu": cpu_engine.describe(),
        "python": "the interpreter, one run at a time",
    }


def choose_target(requested: str) -> str:
    """Return the target for a request; "auto" takes a GPU where there is one.

    A GPU is enough for a stored kernel; compiling one also needs the toolkit, see `why_cannot_compile`.

    Raises
    ------
    TargetUnavailableError
        For "cuda" without a GPU.
    """
    if requested in {"cpu", "python"}:
        return requested
    from solvers.execution.cuda import engine as cuda_engine  # noqa: PLC0415 - see the module's docstring

    reason = cuda_engine.why_no_device()
    if requested == "auto":
        return "cpu" if reason else "cuda"
    if reason:
        raise TargetUnavailableError(*reason)
    return "cuda"


def alike_devices() -> tuple[int, ...]:
    """Return the indices of the GPUs that run what is compiled for the first one."""
    from solvers.execution.cuda import driver  # noqa: PLC0415 - see the module's docstring

    return tuple(index for index in range(driver.device_count()) if driver.capability(index) == driver.capability())


def why_cannot_compile(target: str) -> tuple[str, str] | None:
    """Return what is missing to compile for a target, and a remedy; None where nothing is."""
    if target != "cuda":
        return None
    from solvers.execution.cuda import engine as cuda_engine  # noqa: PLC0415 - see the module's docstring

    return cuda_engine.why_no_toolkit()


def architecture(target: str, arch: str | None = None) -> str:
    """Return what machine code for a target is compiled for: all of the machine that it depends on.

    Parameters
    ----------
    arch
        For "cuda": a named architecture instead of that of the GPU here.
    """
    if target == "cuda":
        from solvers.execution.cuda import engine as cuda_engine  # noqa: PLC0415 - see the module's docstring

        return cuda_engine.architecture_name(arch)
    from solvers.targets.cpu import machine as cpu_machine  # noqa: PLC0415

    return cpu_machine.description()


def plan(problem: "Problem", target: str) -> "Plan":
    """Work out the components of a problem and the memory each needs; see `solvers.planning.plan.make_plan`."""
    from solvers.planning.plan import make_plan  # noqa: PLC0415 - needs SymPy

    return make_plan(problem, target)


def compile_kernel(
    made: "Plan", arch: str | None = None, listing: "Listing | None" = None, announce: "Announce | None" = None
) -> Kernel:
    """Compile a plan for its target, "cuda" or "cpu".

    Parameters
    ----------
    arch
        For "cuda": a named architecture instead of that of the GPU here.
    listing
        Takes what the kernel is made of.
    announce
        Is told how much there is to optimise, before that begins: it may take minutes.

    Raises
    ------
    PlanError
        If the device cannot hold what was planned.
    TargetUnavailableError
        Without the compiler.
    """
    with _without_scipy():
        if made.target == "cuda":
            from solvers.execution.cuda import engine as cuda_engine  # noqa: PLC0415 - see the module's docstring

            return cuda_engine.compile_plan(made, arch, listing, announce)
        from solvers.execution.cpu import engine as cpu_engine  # noqa: PLC0415

        return cpu_engine.compile_plan(made, listing, announce)


@contextmanager
def _without_scipy() -> Iterator[None]:
    """Have Numba do without SciPy: it would load the linear algebra, a third of a second, for code that calls none."""
    if "scipy" in sys.modules:
        yield
        return
    sys.modules["scipy"] = None  # type: ignore[assignment] # to an import this means that there is none
    try:
        yield
    finally:
        sys.modules.pop("scipy", None)


def load(kernel: Kernel, exchange: Exchange, threads: int | None = None, index: int = 0) -> Solver:
    """Make a kernel ready to run.

    Parameters
    ----------
    exchange
        What it exchanges with the host.
    threads
        Cores to use on the cpu target; None: all that the process may use.
    index
        Of the GPU on the cuda target.

    Raises
    ------
    TargetUnavailableError
        Without the device.
    """
    if kernel.target == "cuda":
        from solvers.execution.cuda.solver import CudaSolver  # noqa: PLC0415 - see the module's docstring

        return CudaSolver(kernel, exchange, index)
    from solvers.execution.cpu.solver import CpuSolver  # noqa: PLC0415

    return CpuSolver(kernel, exchange, threads)


def interpret(made: "Plan", recorder: "Recorder | None" = None) -> Solver:
    """Make a plan ready to run in the interpreter.

    Parameters
    ----------
    recorder
        Keeps what the solvers report on the way.
    """
    from solvers.execution.python.engine import PythonSolver  # noqa: PLC0415 - needs SymPy
    from solvers.targets.python import PythonTarget  # noqa: PLC0415

    return PythonSolver(made, PythonTarget(recorder))


def build(made: "Plan", threads: int | None = None) -> Solver:
    """Make a plan ready to run on its target: compile and load it, or interpret it."""
    return interpret(made) if made.target == "python" else load(compile_kernel(made), made.exchange, threads)


def kernel_report(kernel: Kernel) -> dict[str, Any]:
    """Return what a CUDA kernel needs: registers, spills, occupancy and its limit."""
    from solvers.execution.cuda import engine as cuda_engine  # noqa: PLC0415 - see the module's docstring

    return cuda_engine.report(kernel)
