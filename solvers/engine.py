"""From a problem to a solution: plan what memory it takes, compile the kernel, run batches.

Importing this module imports no compiler; planning for a target does not either.
"""

from itertools import product
from typing import Any, Protocol

import numpy as np

from solvers.assembly import make_loop, register
from solvers.plan import Plan, Solution, TargetUnavailableError
from solvers.problem import PlanError, Problem
from solvers.settings import LinearKind, LinearSettings, SaveSettings, SolveSettings
from solvers.system import TIME, System, state_symbol
from solvers.tableaus import IMPLICIT_TABLEAUS, TABLEAUS
from solvers.trace import Recorder

__all__ = [
    "TARGETS",
    "Plan",
    "Solution",
    "Solver",
    "TargetUnavailableError",
    "available_targets",
    "build",
    "choose_target",
    "kernel_report",
    "plan",
]

TARGETS = ("cuda", "cpu", "python")


class Solver(Protocol):
    """A compiled problem."""

    plan: Plan
    device: str
    compile_seconds: float

    def kernel_report(self) -> dict[str, Any] | None:
        """Return what the CUDA kernel needs, as the function of that name does; None on other targets."""

    def runs_per_chunk(self, runs: int) -> int:
        """Return how many of some runs fit the device at once."""

    def solve(self, values: np.ndarray) -> Solution:
        """Solve a chunk; `values` has shape (swept, runs)."""

    def close(self) -> None:
        """Release what the device holds."""


def available_targets() -> dict[str, str]:
    """Return for each target the device it would use, or why it cannot be used."""
    from solvers.targets import cpu_engine, cuda_engine  # noqa: PLC0415 - see the module's docstring

    return {
        "cuda": cuda_engine.describe(),
        "cpu": cpu_engine.describe(),
        "python": "the interpreter, one run at a time",
    }


def choose_target(requested: str) -> str:
    """Return the target for a request; "auto" takes a GPU where there is one.

    Raises
    ------
    TargetUnavailableError
        For "cuda" without a GPU or without the toolkit.
    """
    if requested in {"cpu", "python"}:
        return requested
    from solvers.targets import cuda_engine  # noqa: PLC0415 - see the module's docstring

    reason = cuda_engine.why_unavailable()
    if requested == "auto":
        return "cpu" if reason else "cuda"
    if reason:
        raise TargetUnavailableError(*reason)
    return "cuda"


def plan(problem: Problem, target: str, threads: int | None = None) -> Plan:
    """Work out the components of a problem and the memory each needs.

    Raises
    ------
    PlanError
        Where the method cannot do what is asked.
    buffers.UnknownBufferError
        For a location of a buffer that no method has.
    """
    loop = make_loop(problem)
    registry = register(loop, problem)
    return Plan(problem, target, loop, registry, registry.check(_known_buffers(problem)), threads)


def build(made: Plan, recorder: Recorder | None = None) -> Solver:
    """Compile a plan for its target.

    Parameters
    ----------
    recorder
        Keeps what the solvers report on the way; on the python target only.

    Raises
    ------
    PlanError
        If the device cannot hold what was planned.
    TargetUnavailableError
        Without the device or its compiler.
    ValueError
        For a recorder on another target.
    """
    if recorder is not None and made.target != "python":
        raise ValueError("only the python target records")
    if made.target == "cuda":
        from solvers.targets.cuda_engine import CudaSolver  # noqa: PLC0415 - see the module's docstring

        return CudaSolver(made)
    if made.target == "cpu":
        from solvers.targets.cpu_engine import CpuSolver  # noqa: PLC0415

        return CpuSolver(made)
    from solvers.targets.python_engine import PythonSolver  # noqa: PLC0415

    return PythonSolver(made, recorder)


def kernel_report(made: Plan, arch: str | None = None) -> dict[str, Any] | None:
    """Return what the CUDA kernel of a plan needs; None where the toolkit is missing.

    Parameters
    ----------
    arch
        An architecture such as "sm_90"; None: that of the GPU here, else sm_90.
    """
    from solvers.targets import cuda_engine  # noqa: PLC0415 - see the module's docstring

    return cuda_engine.kernel_report(made, arch)


def _known_buffers(problem: Problem) -> frozenset[str]:
    """Return the buffers that exist for some method; names depend on no system but on whether it depends on time."""
    if not problem.locations.assignments:
        return frozenset()
    system = System("", ("y",), (0.0,), (), (), (TIME - state_symbol(0),))
    names: set[str] = set()
    kinds: tuple[LinearKind, ...] = ("lu", "bicgstab")
    for algorithm, kind, every in product((*TABLEAUS, *IMPLICIT_TABLEAUS), kinds, (1.0, None)):
        solve = SolveSettings(algorithm, t0=0.0, t1=1.0, atol=(1.0,), linear=LinearSettings(kind))
        variant = Problem(system, solve, SaveSettings(states=(0,), every=every))
        try:
            loop = make_loop(variant)
        except PlanError:
            continue
        names.update(register(loop, variant).names)
    return frozenset(names)
