"""The kernel that a launch starts: a thread's memory, and the loop over the runs it takes."""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba.cuda import types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

from buffers import Totals
from solvers.integration.lane import Reports, Results
from solvers.targets.cuda.shared_memory import shared_slice, slice_stride
from solvers.targets.lane_builder import stack_memory
from solvers.targets.target import DeviceFunction


def _regions(totals: Totals, threads: int) -> DeviceFunction:
    """Return an intrinsic () -> a thread's shared and persistent regions."""

    @intrinsic
    def regions(_context: Any) -> Any:
        region = types.CPointer(types.uint8)

        def generate(context: Any, builder: ir.IRBuilder, kind: Any, _values: Sequence[Any]) -> Any:
            shared = shared_slice(builder, slice_stride(totals.shared), threads, totals.common)
            persistent = stack_memory(builder, totals.persistent, 16)
            return context.make_tuple(builder, kind.return_type, [shared, persistent])

        return signature(types.UniTuple(region, 2)), generate

    return regions


def make_kernel(
    integrate: DeviceFunction, precision: str, totals: Totals, threads: int
) -> tuple[Callable[..., None], Any]:
    """Return the kernel as Numba-CUDA compiles it, and its signature.

    Parameters
    ----------
    integrate
        The loop's device function.
    precision
        Of the states.
    totals
        Bytes that a thread needs.
    threads
        That share a run.

    Returns
    -------
    kernel, arguments
        The types of its arguments: address of the queue, an int64 that starts at 0; runs (int64); then addresses of
        inputs, defaults, variables, times, findings, status, steps, rejected.
    """
    regions = _regions(totals, threads)

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
