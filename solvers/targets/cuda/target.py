"""The cuda target: Numba-CUDA compiles device code with a thread, or several, for each run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import cuda
from numba.cuda import types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

from buffers import Allocator
from solvers.errors import PlanError
from solvers.straightline.factors import merge_factors
from solvers.straightline.order import by_demand
from solvers.straightline.recorded import Argument, Recorded
from solvers.straightline.setting import SLOT_BYTES, SettingsBlock
from solvers.targets.cuda import warp as cuda_warp
from solvers.targets.cuda.emitter import CONSTANT_SPACE, GLOBAL_SPACE, CudaEmitter
from solvers.targets.cuda.shared_memory import common_region
from solvers.targets.lane_builder import stack_memory
from solvers.targets.listing import Listing
from solvers.targets.memory import Frame, Regions
from solvers.targets.numba_bridge import straight_line_intrinsic, tuple_type
from solvers.targets.settings import definition
from solvers.targets.tables import KernelTables
from solvers.targets.target import DeviceFunction, Target

_NAMES = {
    types.float32: "float32",
    types.float64: "float64",
    types.int32: "int32",
    types.int64: "int64",
    types.uint8: "uint8",
    types.boolean: "mask",
}
_TYPES = {name: kind for kind, name in _NAMES.items()}
_BYTE = ir.IntType(8)
_LONG = ir.IntType(64)
CONSTANT_BYTES = 64 * 1024
#: Looking who waits costs a warp about a tenth of a small step.
SPELL = 8


@dataclass(frozen=True)
class _CudaDialect:
    settings: SettingsBlock
    tables: KernelTables
    types = types

    def intrinsic(self, typing: Callable[..., Any]) -> Callable[..., Any]:
        return intrinsic(typing)

    def arranged(self, recorded: Recorded) -> Recorded:
        # A float64 constant is brought by two instructions: more constants cost what fewer products gain.
        return by_demand(merge_factors(recorded, ("float32",)))

    def argument(self, kind: Any) -> Argument:
        if isinstance(kind, types.CPointer):
            return Argument(True, _NAMES[kind.dtype])  # noqa: FBT003
        return Argument(False, _NAMES[types.unliteral(kind)])  # noqa: FBT003

    def result(self, dtype: str) -> Any:
        return _TYPES[dtype]

    def signature(self, result: Any, arguments: Sequence[Any]) -> Any:
        return signature(result, *arguments)

    def emitter(self, builder: ir.IRBuilder, arguments: Sequence[ir.Value]) -> CudaEmitter:
        return CudaEmitter(builder, arguments, self.settings, self.tables)


class CudaTarget(Target):
    """Runs device code on a GPU.

    Parameters
    ----------
    patience
        Steps that the lanes of a warp may miss, waiting for others, until they take the next runs from a queue.
        0: no queue, each thread works on its own, on every run that is a grid further.
    listing
        Takes what the code is made of.
    threads
        That share a run. All that are of one warp go the same way, so that they can hand each other values.

    Attributes
    ----------
    settings
        Those that code written so far asks for.
    """

    name = "cuda"
    lanes = 1

    def __init__(self, patience: int = 0, listing: Listing | None = None, threads: int = 1) -> None:
        self.listing = listing
        self._threads = threads
        self.settings, self._tables = SettingsBlock(), KernelTables()
        self._patience = patience
        self.spell = SPELL if patience else 0

    def definitions(self) -> str:
        """Return LLVM code that defines what the code written so far declares.

        Raises
        ------
        PlanError
            Where there is no room for all settings: tolerances that differ from state to state are the only ones of
            which there may be so many.
        """
        if self.settings.nbytes > CONSTANT_BYTES:
            message = f"a GPU has no room for {self.settings.nbytes // SLOT_BYTES:,} tolerances and other settings"
            raise PlanError(message, "give one number for all states", "solve.atol")
        return definition(self.settings.nbytes, CONSTANT_SPACE) + self._tables.definition(GLOBAL_SPACE)

    def straight_line(self, function: DeviceFunction) -> DeviceFunction:
        """Return an intrinsic."""
        return straight_line_intrinsic(function, _CudaDialect(self.settings, self._tables), self.listing)

    def control(self, function: DeviceFunction, *, inline: bool = True) -> DeviceFunction:
        """Return a device function."""
        return cuda.jit(device=True, forceinline=inline)(function)

    def apart(self, function: DeviceFunction) -> DeviceFunction:
        """Return a device function that no compiler puts in place of a call."""
        body, is_called = self.control(function), _is_called_by_warps if self._threads > 1 else _is_called

        def called(mask: Any, given: Any) -> Any:
            is_called()
            return body(mask, given)

        return self.control(called, inline=False)

    def allocate(self, frame: Frame) -> DeviceFunction:
        """Return an intrinsic that cuts a frame's buffers from the two regions, or makes local arrays.

        What the threads of a run have in common lies before the slices of all threads.
        """

        @intrinsic
        def allocate(_context: Any, shared: Any, persistent: Any) -> Any:
            def generate(context: Any, builder: ir.IRBuilder, _signature: Any, regions: Sequence[Any]) -> Any:
                common = common_region(builder, self._threads, frame.common_bytes)
                return _cut(context, builder, frame, Regions(regions[0], regions[1], common))

            return signature(_frame_type(frame), shared, persistent), generate

        return allocate

    @property
    def any_lane(self) -> DeviceFunction:
        """The truth of the one lane; where lanes share runs, the vote of a warp."""
        return self._warp_vote() if self._threads > 1 else self._own_truth()

    @staticmethod
    def _own_truth() -> DeviceFunction:
        @intrinsic
        def any_lane(_context: Any, mask: Any) -> Any:
            return signature(types.boolean, mask), lambda _context, _builder, _signature, values: next(iter(values))

        return any_lane

    @property
    def any_member(self) -> DeviceFunction:
        """With a queue, the vote of a warp."""
        return self._warp_vote() if self._patience else self.any_lane

    @property
    def anyone(self) -> DeviceFunction:
        """The vote of the lanes of a warp that are here; where lanes share runs, of all, as they have to agree."""
        if self._threads > 1:
            return self._warp_vote()

        @intrinsic
        def anyone(_context: Any, mask: Any) -> Any:
            return signature(types.boolean, mask), lambda _c, builder, _s, values: cuda_warp.any_present(
                builder, *values
            )

        return anyone

    def _warp_vote(self) -> DeviceFunction:
        @intrinsic
        def any_member(_context: Any, mask: Any) -> Any:
            return signature(types.boolean, mask), lambda _c, builder, _s, values: cuda_warp.any_in_warp(
                builder, *values
            )

        return any_member

    @property
    def proceed(self) -> DeviceFunction:
        """Go on while the one lane is active; with a queue, while lanes are and the others have missed few steps."""
        patience, spell = self._patience, self.spell

        @intrinsic
        def proceed(_context: Any, active: Any, waiting: Any, idle: Any) -> Any:  # noqa: ARG001 - always an int64
            def generate(context: Any, builder: ir.IRBuilder, kind: Any, values: Sequence[Any]) -> Any:
                active, _, idle = values
                going = active, idle
                if patience:
                    going = cuda_warp.proceed(builder, *values, patience=patience, spell=spell)
                return context.make_tuple(builder, kind.return_type, going)

            return signature(types.Tuple((types.boolean, types.int64)), active, waiting, types.int64), generate

        return proceed

    @property
    def take(self) -> DeviceFunction:
        """Take the thread's own run first; then from the queue, or every run a grid further."""
        queued, threads = bool(self._patience), self._threads

        @intrinsic
        def take(_context: Any, queue: Any, run: Any, wanted: Any) -> Any:
            def generate(_: Any, builder: ir.IRBuilder, _signature: Any, values: Sequence[Any]) -> Any:
                if queued:
                    return cuda_warp.take_from_queue(builder, *values)
                _, run, wanted = values
                return cuda_warp.take_by_stride(builder, run, wanted, threads)

            return signature(types.int64, queue, run, wanted), generate

        return take


@intrinsic
def _is_called(_context: Any) -> Any:
    def generate(context: Any, builder: ir.IRBuilder, _signature: Any, _values: Sequence[Any]) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return signature(types.none), generate


@intrinsic
def _is_called_by_warps(_context: Any) -> Any:
    """Say so, and that lanes have to come there together: else a compiler may call it in each of two branches."""

    def generate(context: Any, builder: ir.IRBuilder, _signature: Any, _values: Sequence[Any]) -> Any:
        builder.function.attributes.add("noinline")
        builder.function.attributes.add("convergent")
        return context.get_dummy_value()

    return signature(types.none), generate


def _frame_type(frame: Frame) -> Any:
    own = [types.CPointer(_TYPES[str(allocator.dtype)]) for allocator in frame.own]
    return tuple_type(types, [*own, *(_frame_type(child.frame) for child in frame.children)], frame.kind)


def _cut(context: Any, builder: ir.IRBuilder, frame: Frame, regions: Regions) -> ir.Value:
    """Return the named tuple of a frame, given the regions of its component."""
    kind = _frame_type(frame)
    parts = [
        builder.bitcast(_buffer(builder, allocator, regions), context.get_value_type(member))
        for allocator, member in zip(frame.own, kind, strict=False)
    ]
    for child in frame.children:
        shared, persistent = (_buffer(builder, each, regions) for each in (child.shared, child.persistent))
        inner = Regions(shared, persistent, regions.common)
        parts.append(_cut(context, builder, child.frame, inner))
    return context.make_tuple(builder, kind, parts)


def _buffer(builder: ir.IRBuilder, allocator: Allocator, regions: Regions) -> ir.Value:
    if allocator.location == "local":
        return stack_memory(builder, allocator.nbytes, 16)
    region = regions.shared if allocator.location == "shared" else regions.persistent
    region = regions.common if allocator.common else region
    assert allocator.offset is not None  # noqa: S101 - only local buffers have none
    return builder.gep(region, [ir.Constant(_LONG, allocator.offset)])
