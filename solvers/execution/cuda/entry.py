"""The kernel that a launch starts: a thread's memory, and the loop over the runs it takes."""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba.cuda import cgutils, types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

from solvers.integration.lane import Reports, Results
from solvers.targets.cuda import warp as cuda_warp
from solvers.targets.lane_builder import stack_memory
from solvers.targets.target import DeviceFunction

_BYTE = ir.IntType(8)
_LONG = ir.IntType(64)
_SHARED = 3


def shared_stride(nbytes: int, alignment: int = 8) -> int:
    """Return the bytes between the slices of neighbouring threads.

    An odd number of words, or of double words where a slice holds those, puts neighbours into different banks.
    """
    units = -(-nbytes // alignment)
    return alignment * (units | 1) if units else 0


def _regions(shared_bytes: int, persistent_bytes: int) -> DeviceFunction:
    """Return an intrinsic () -> a thread's shared and persistent regions."""

    @intrinsic
    def regions(_context: Any) -> Any:
        region = types.CPointer(types.uint8)

        def generate(context: Any, builder: ir.IRBuilder, kind: Any, _values: Sequence[Any]) -> Any:
            shared = _shared_slice(builder, shared_bytes)
            return context.make_tuple(builder, kind.return_type, [shared, stack_memory(builder, persistent_bytes, 16)])

        return signature(types.UniTuple(region, 2)), generate

    return regions


def _shared_slice(builder: ir.IRBuilder, stride: int) -> ir.Value:
    if not stride:
        return ir.Constant(_BYTE.as_pointer(), None)
    memory = cgutils.add_global_variable(builder.module, ir.ArrayType(_BYTE, 0), "cubie_shared", _SHARED)
    memory.align = 16
    memory.linkage = "external"
    start = builder.addrspacecast(memory, _BYTE.as_pointer(), "generic")
    thread = builder.zext(cuda_warp.register(builder, "tid.x"), _LONG)
    return builder.gep(start, [builder.mul(thread, ir.Constant(_LONG, stride))])


def make_kernel(
    integrate: DeviceFunction, precision: str, shared_bytes: int, persistent_bytes: int
) -> tuple[Callable[..., None], Any]:
    """Return the kernel as Numba-CUDA compiles it, and its signature.

    Parameters
    ----------
    integrate
        The loop's device function.
    precision
        Of the states.
    shared_bytes
        Bytes between the slices of shared memory of neighbouring threads; see `shared_stride`.
    persistent_bytes
        Bytes that a run keeps between steps.

    Returns
    -------
    kernel, arguments
        The types of its arguments: address of the queue, an int64 that starts at 0; runs (int64); then addresses of
        inputs, defaults, variables, times, findings, status, steps, rejected.
    """
    regions = _regions(shared_bytes, persistent_bytes)

    def cubie(  # noqa: PLR0913, PLR0917 - one argument an array
        queue: Any,
        runs: Any,
        inputs: Any,
        defaults: Any,
        variables: Any,
        times: Any,
        findings: Any,
        status: Any,
        steps: Any,
        rejected: Any,
    ) -> None:
        shared, persistent = regions()
        results, reports = Results(variables, times, findings), Reports(status, steps, rejected)
        integrate(queue, runs, inputs, defaults, results, reports, shared, persistent)

    real, counts = (
        types.CPointer(types.float32 if precision == "float32" else types.float64),
        types.CPointer(types.int32),
    )
    queue, times = types.CPointer(types.int64), types.CPointer(types.float64)
    return cubie, (queue, types.int64, real, real, real, times, times, counts, counts, counts)
