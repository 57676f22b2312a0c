"""Compiling for the cpu target, and what it compiles for."""

import time
from typing import TYPE_CHECKING

import numpy as np

from solvers.execution.cpu.processor import processor
from solvers.execution.kernel import Kernel
from solvers.targets.cpu import machine as cpu_machine
from solvers.targets.cpu.lanes import group_for

if TYPE_CHECKING:
    from solvers.planning.plan import Plan
    from solvers.targets.listing import Listing
    from solvers.targets.written import Announce


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
