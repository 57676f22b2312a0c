"""The function that a core calls: the loop over a queue of runs, given the addresses of arrays."""

from collections.abc import Callable, Sequence
from typing import Any

from numba.core import types as numba_types
from numba.core.typing import signature
from numba.extending import intrinsic

from solvers.integration.lane import Reports, Results
from solvers.targets.cpu.target import CpuTarget, LaneArray
from solvers.targets.target import DeviceFunction

types: Any = numba_types  # names appear in it at run time


def make_kernel(
    target: CpuTarget, integrate: DeviceFunction, precision: str
) -> tuple[Callable[..., None], numba_types.Type]:
    """Return the kernel as Numba compiles it, and its signature.

    Parameters
    ----------
    target
        Where the loop was built.
    integrate
        The loop's device function.
    precision
        Of the states.

    Returns
    -------
    kernel, signature
        The former is a function of the number of runs and of addresses: (queue, runs, inputs, defaults, variables,
        times, findings, status, steps, rejected, shared, persistent).
    """
    as_region = _region(LaneArray("uint8", target.group))

    def kernel(  # noqa: PLR0913, PLR0917 - one argument an array
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
        shared: Any,
        persistent: Any,
    ) -> None:
        integrate(
            queue,
            runs,
            inputs,
            defaults,
            Results(variables, times, findings),
            Reports(status, steps, rejected),
            as_region(shared),
            as_region(persistent),
        )

    return kernel, types.void(*_arguments(precision))


def _arguments(precision: str) -> tuple[Any, ...]:
    """Return the types of a kernel's arguments."""
    real = types.CPointer(types.float32 if precision == "float32" else types.float64)
    counts, region = types.CPointer(types.int32), types.CPointer(types.uint8)
    queue, times = types.CPointer(types.int64), types.CPointer(types.float64)
    return queue, types.int64, real, real, real, times, times, counts, counts, counts, region, region


def _region(kind: LaneArray) -> DeviceFunction:
    """Return an intrinsic that takes an address as a region."""

    @intrinsic
    def as_region(_context: Any, address: Any) -> Any:
        def generate(_: Any, _builder: Any, _signature: Any, values: Sequence[Any]) -> Any:
            (region,) = values
            return region

        return signature(kind, address), generate

    return as_region
