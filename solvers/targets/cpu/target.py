"""The cpu target: Numba compiles device code with a vector of runs in place of each number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from llvmlite import ir
from numba.core import types as numba_types
from numba.core.typing import signature
from numba.extending import intrinsic, models, register_model

from buffers import Allocator
from solvers.straightline.factors import merge_factors
from solvers.straightline.record import FLOATS
from solvers.straightline.recorded import Argument, Recorded
from solvers.straightline.setting import SettingsBlock
from solvers.targets.cpu.compiler import device_function
from solvers.targets.cpu.emitter import GroupEmitter, join, split
from solvers.targets.cpu.lanes import Group, keep_order
from solvers.targets.lane_builder import LaneBuilder, stack_memory
from solvers.targets.listing import Listing
from solvers.targets.memory import Frame, Regions
from solvers.targets.numba_bridge import straight_line_intrinsic, tuple_type
from solvers.targets.target import DeviceFunction, Target

types: Any = numba_types  # names appear in it at run time

_NATIVE = {
    types.float32: "float32",
    types.float64: "float64",
    types.int32: "int32",
    types.int64: "int64",
    types.boolean: "mask",
}
#: Of buffers, in bytes: that of the widest vectors.
ALIGNMENT = 64
_BYTE = ir.IntType(8)
_LONG = ir.IntType(64)


class Lanes(numba_types.Type):
    """A value of one type for each of some runs."""

    def __init__(self, dtype: str, group: Group) -> None:
        self.dtype = dtype
        self.group = group
        super().__init__(name=f"Lanes({dtype}, {group.width}, {group.parts})")


class LaneArray(numba_types.Type):
    """A buffer of which each element is one value for each of some runs; "uint8" is a whole region."""

    def __init__(self, dtype: str, group: Group) -> None:
        self.dtype = dtype
        self.group = group
        super().__init__(name=f"LaneArray({dtype}, {group.width}, {group.parts})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Lanes) -> None:
        vector = LaneBuilder(ir.IRBuilder(), fe_type.group.width).type(fe_type.dtype)
        super().__init__(dmm, fe_type, ir.ArrayType(vector, fe_type.group.parts))


@register_model(LaneArray)
class _LaneArrayModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: LaneArray) -> None:
        super().__init__(dmm, fe_type, _BYTE.as_pointer())


@dataclass(frozen=True)
class _CpuDialect:
    group: Group
    settings: SettingsBlock
    types = types

    def intrinsic(self, typing: Callable[..., Any]) -> Callable[..., Any]:
        return intrinsic(typing)

    def arranged(self, recorded: Recorded) -> Recorded:
        # Stage by stage, as recorded: what a core cannot keep in registers lies in its nearest cache.
        return merge_factors(recorded, FLOATS)

    def argument(self, kind: Any) -> Argument:
        if isinstance(kind, types.CPointer):
            return Argument(True, _NATIVE[kind.dtype])  # noqa: FBT003
        if isinstance(kind, (Lanes, LaneArray)):
            return Argument(isinstance(kind, LaneArray), kind.dtype)
        return Argument(False, _NATIVE[types.unliteral(kind)])  # noqa: FBT003

    def result(self, dtype: str) -> Lanes:
        return Lanes(dtype, self.group)

    def signature(self, result: Any, arguments: Sequence[Any]) -> Any:
        return signature(result, *arguments)

    def emitter(self, builder: ir.IRBuilder, arguments: Sequence[ir.Value]) -> GroupEmitter:
        return GroupEmitter(builder, arguments, self.group, self.settings)


class CpuTarget(Target):
    """Runs device code on SIMD lanes.

    Parameters
    ----------
    group
        Runs that a core advances together.
    listing
        Takes what the code is made of.

    Attributes
    ----------
    settings
        Those that code written so far asks for.
    """

    name = "cpu"

    def __init__(self, group: Group, listing: Listing | None = None) -> None:
        keep_order()
        self.group = group
        self.listing = listing
        self.lanes = group.lanes
        self.settings = SettingsBlock()
        self._dialect = _CpuDialect(group, self.settings)

    def straight_line(self, function: DeviceFunction) -> DeviceFunction:
        """Return an intrinsic."""
        return straight_line_intrinsic(function, self._dialect, self.listing)

    def control(self, function: DeviceFunction, *, inline: bool = True) -> DeviceFunction:
        """Return a Numba function."""
        if not inline:
            return self._called(function)
        return device_function(function, inline=True)

    def _called(self, function: DeviceFunction) -> DeviceFunction:
        """Return a function that is called, with an aligned stack of its own."""
        body = device_function(function, inline=True)

        def called(*arguments: Any) -> Any:
            _with_aligned_stack()
            return body(*arguments)

        return device_function(called, inline=False)

    def allocate(self, frame: Frame) -> DeviceFunction:
        """Return an intrinsic that cuts a frame's buffers from the two regions, or from the stack."""
        group = self.group

        @intrinsic
        def allocate(_context: Any, shared: Any, persistent: Any) -> Any:
            kind = _frame_type(frame, group)

            def generate(context: Any, builder: ir.IRBuilder, _signature: Any, regions: Sequence[Any]) -> Any:
                _align_stack(builder)
                return _cut(context, builder, frame, Regions(*regions), group)

            return signature(kind, shared, persistent), generate

        return allocate

    @property
    def any_lane(self) -> DeviceFunction:
        """Whether any bit of a mask is set."""

        @intrinsic
        def any_lane(_context: Any, mask: Any) -> Any:
            def generate(_: Any, builder: ir.IRBuilder, _signature: Any, values: Sequence[Any]) -> Any:
                (mask,) = values
                return _any(builder, mask)

            return signature(types.boolean, mask), generate

        return any_lane

    @property
    def proceed(self) -> DeviceFunction:
        """Go on while lanes are active and fewer than a quarter wait to be replaced."""

        @intrinsic
        def proceed(_context: Any, active: Any, waiting: Any, idle: Any) -> Any:
            def generate(context: Any, builder: ir.IRBuilder, kind: Any, values: Sequence[Any]) -> Any:
                active, waiting, idle = values
                count = _count(builder, _bits(builder, waiting))
                few = builder.icmp_unsigned("<", count, ir.Constant(_LONG, max(1, self.lanes // 4)))
                going = builder.and_(_any(builder, active), few)
                return context.make_tuple(builder, kind.return_type, [going, idle])

            return signature(types.Tuple((types.boolean, types.unliteral(idle))), active, waiting, idle), generate

        return proceed

    @property
    def take(self) -> DeviceFunction:
        """Advance the counter that all cores share by the number of lanes that want a run."""
        group = self.group

        @intrinsic
        def take(_context: Any, queue: Any, run: Any, wanted: Any) -> Any:
            def generate(_: Any, builder: ir.IRBuilder, _signature: Any, values: Sequence[Any]) -> Any:
                queue_at, run, wanted = values
                return _take(builder, queue_at, run, wanted)

            return signature(Lanes("int64", group), queue, run, wanted), generate

        return take


def _bits(builder: ir.IRBuilder, mask: ir.Value) -> list[ir.Value]:
    """Return each part of a mask as an integer of a bit a lane."""
    return [builder.bitcast(part, ir.IntType(part.type.count)) for part in split(builder, mask)]


def _any(builder: ir.IRBuilder, mask: ir.Value) -> ir.Value:
    together = reduce(builder.or_, _bits(builder, mask))
    return builder.icmp_unsigned("!=", together, ir.Constant(together.type, 0))


def _count(builder: ir.IRBuilder, bits: Sequence[ir.Value]) -> ir.Value:
    """Return how many bits are set."""
    return reduce(builder.add, [builder.zext(builder.ctpop(part), _LONG) for part in bits], ir.Constant(_LONG, 0))


def _take(builder: ir.IRBuilder, queue: ir.Value, run: ir.Value, wanted: ir.Value) -> ir.Value:
    """Give the lanes that want a run consecutive ones."""
    bits = _bits(builder, wanted)
    following = builder.atomic_rmw("add", queue, _count(builder, bits), "monotonic")
    taken = []
    for mask, part, old in zip(split(builder, wanted), bits, split(builder, run), strict=True):
        lanes = LaneBuilder(builder, mask.type.count)
        below = ir.Constant(old.type, [(1 << lane) - 1 for lane in range(mask.type.count)])
        before = lanes.intrinsic("llvm.ctpop", [builder.and_(lanes.splat(builder.zext(part, _LONG)), below)])
        taken.append(builder.select(mask, builder.add(lanes.splat(following), before), old))
        following = builder.add(following, _count(builder, [part]))
    return join(builder, taken)


def _align_stack(builder: ir.IRBuilder) -> None:
    """Have the function's stack aligned to whole vectors.

    LLVM decides on that before it knows what it will spill; with no vector on the stack by then, what is spilled
    later lies across cache lines. So keep one there, by naming its address in assembly that does nothing.
    """
    memory = stack_memory(builder, ALIGNMENT, ALIGNMENT)
    builder.asm(ir.FunctionType(ir.VoidType(), [memory.type]), "", "r", [memory], side_effect=True)


@intrinsic
def _with_aligned_stack(_context: Any) -> Any:
    def generate(context: Any, builder: ir.IRBuilder, _signature: Any, _values: Sequence[Any]) -> Any:
        _align_stack(builder)
        return context.get_dummy_value()

    return signature(types.none), generate


def _frame_type(frame: Frame, group: Group) -> Any:
    own = [LaneArray(str(allocator.dtype), group) for allocator in frame.own]
    return tuple_type(types, [*own, *(_frame_type(child.frame, group) for child in frame.children)], frame.kind)


def _cut(context: Any, builder: ir.IRBuilder, frame: Frame, regions: Regions, group: Group) -> ir.Value:
    """Return the named tuple of a frame, given the regions of its component."""
    parts = [_buffer(builder, allocator, regions, group) for allocator in frame.own]
    for child in frame.children:
        inner = Regions(*(_buffer(builder, each, regions, group) for each in (child.shared, child.persistent)))
        parts.append(_cut(context, builder, child.frame, inner, group))
    return context.make_tuple(builder, _frame_type(frame, group), parts)


def _buffer(builder: ir.IRBuilder, allocator: Allocator, regions: Regions, group: Group) -> ir.Value:
    if allocator.location == "local":
        return stack_memory(builder, allocator.nbytes * group.lanes, ALIGNMENT)
    region = regions.shared if allocator.location == "shared" else regions.persistent
    assert allocator.offset is not None  # noqa: S101 - only local buffers have none
    return builder.gep(region, [ir.Constant(_LONG, allocator.offset * group.lanes)])
