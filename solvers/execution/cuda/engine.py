"""Compiling for the cuda target, and what a kernel needs."""

import re
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from solvers.errors import PlanError, TargetUnavailableError
from solvers.execution.cuda import driver as cuda_driver
from solvers.execution.cuda.launch import (
    Launch,
    check_local,
    check_shared,
    patience_rule,
    registers_rule,
)
from solvers.execution.cuda.occupancy import FACTS, Architecture
from solvers.execution.kernel import Kernel

if TYPE_CHECKING:
    from solvers.execution.cuda.toolchain import CompiledKernel
    from solvers.planning.plan import Plan
    from solvers.targets.listing import Listing
    from solvers.targets.written import Announce

DEFAULT_ARCHITECTURE: Architecture = (9, 0)


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
    from solvers.execution.cuda.entry import make_kernel  # noqa: PLC0415 - import Numba
    from solvers.targets.cuda.shared_memory import common_stride, slice_stride  # noqa: PLC0415 - import LLVM
    from solvers.targets.cuda.target import CudaTarget  # noqa: PLC0415 - import Numba

    start = time.perf_counter()
    chosen = parse_architecture(architecture_name(arch))
    totals = plan.registry.totals()
    stride = slice_stride(totals.shared) + common_stride(totals.common, plan.threads_per_run) // plan.threads_per_run
    check_shared(stride, chosen)
    check_local(totals.local + totals.persistent)
    problem, settings, precision = plan.problem, plan.problem.kernel, plan.problem.solve.precision
    adaptive, saves, ordered = problem.fixed_steps is None, not problem.only_end, plan.ordered
    states, disorder = len(problem.system.states), problem.disorder
    patience = patience_rule(
        settings,
        disorder=disorder,
        adaptive=adaptive,
        saves=saves,
        states=states,
        threads_per_run=plan.threads_per_run,
    )
    registers = registers_rule(
        settings, single=precision == "float32", adaptive=adaptive, explicit=problem.explicit, states=states
    )
    target = CudaTarget(patience, listing, plan.threads_per_run)
    integrate = plan.loop.build(target, plan.registry)
    entry, arguments = make_kernel(integrate, precision, totals, plan.threads_per_run)
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
    launch = Launch(
        compiled.name,
        compiled.resources,
        chosen,
        stride,
        settings,
        bool(patience),
        scatters,
        ordered,
        problem.iterates,
        plan.threads_per_run,
    )
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


#: The architectures of GPUs by what they are sold as.
_GPUS = {
    gpu: arch
    for arch, gpus in {
        "sm_70": "v100 titanv volta",
        "sm_75": "t4 2060 2070 2080 turing",
        "sm_80": "a100 a30 ampere",
        "sm_86": "a10 a40 a2 a6000 3060 3070 3080 3090",
        "sm_87": "orin",
        "sm_89": "l4 l40 l40s 4060 4070 4080 4090 ada",
        "sm_90": "h100 h200 gh200 hopper",
        "sm_100": "b100 b200 gb200 blackwell",
        "sm_103": "b300 gb300",
        "sm_120": "5060 5070 5080 5090",
        "sm_121": "gb10 spark",
    }.items()
    for gpu in gpus.split()
}


def parse_architecture(text: str) -> Architecture:
    """Return (major, minor) of a name such as sm_90; one that is newer than all that are known is taken for what it is.

    Raises
    ------
    PlanError
        If it is none.
    """
    match = re.fullmatch(r"sm_(\d+)(\d)", text)
    arch = (int(match[1]), int(match[2])) if match else (0, 0)
    if arch not in FACTS and arch < max(FACTS):
        known = ", ".join(f"sm_{major}{minor}" for major, minor in FACTS)
        meant = _GPUS.get(re.sub(r"[\W_]|nvidia|rtx|geforce", "", text.lower()))
        hint = f"did you mean {meant}? known: {known}" if meant else f"known: {known}"
        raise PlanError(f"unknown architecture {text!r}", hint, "--arch")
    return arch


def architecture_name(arch: str | None = None) -> str:
    """Return an architecture's name, as it is written: None means that of the GPU here, else sm_90."""
    if arch is not None:
        return arch
    major, minor = DEFAULT_ARCHITECTURE if cuda_driver.why_none() else cuda_driver.capability()
    return f"sm_{major}{minor}"
