"""The cpu target: Numba compiles device code with a vector of runs in place of each number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numba
from llvmlite import ir
from numba.core import types as numba_types
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.typing import signature
from numba.extending import intrinsic, models, register_model

from buffers import Allocator
from solvers.memory import Frame
from solvers.straightline.record import Argument, Arguments
from solvers.targets.cpu_emitter import CpuEmitter
from solvers.targets.emitter import Emitter, stack_memory
from solvers.targets.numba_bridge import straight_line_intrinsic
from solvers.targets.target import DeviceFunction, Target

types: Any = numba_types  # names appear in it at run time

_NATIVE = {
    types.float32: "float32",
    types.float64: "float64",
    types.int32: "int32",
    types.int64: "int64",
    types.boolean: "mask",
}
_BYTE = ir.IntType(8)
_INT = ir.IntType(32)
_LONG = ir.IntType(64)


class Lanes(numba_types.Type):
    """A value of one type for each of some runs."""

    def __init__(self, dtype: str, lanes: int) -> None:
        self.dtype = dtype
        self.lanes = lanes
        super().__init__(name=f"Lanes({dtype}, {lanes})")


class LaneArray(numba_types.Type):
    """A buffer of which each element is one value for each of some runs; "uint8" is a whole region."""

    def __init__(self, dtype: str, lanes: int) -> None:
        self.dtype = dtype
        self.lanes = lanes
        super().__init__(name=f"LaneArray({dtype}, {lanes})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Lanes) -> None:
        kind = Emitter(ir.IRBuilder(), (), fe_type.lanes).type(fe_type.dtype)
        super().__init__(dmm, fe_type, kind)


@register_model(LaneArray)
class _LaneArrayModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: LaneArray) -> None:
        super().__init__(dmm, fe_type, _BYTE.as_pointer())


@dataclass(frozen=True)
class _CpuDialect:
    lanes: int

    def intrinsic(self, typing: Callable[..., Any]) -> Callable[..., Any]:
        return intrinsic(typing)

    def argument(self, kind: Any) -> Argument | Arguments:
        if isinstance(kind, types.BaseTuple):
            return tuple(self.argument(member) for member in kind)
        if isinstance(kind, types.CPointer):
            return Argument(True, _NATIVE[kind.dtype])  # noqa: FBT003
        if isinstance(kind, (Lanes, LaneArray)):
            return Argument(isinstance(kind, LaneArray), kind.dtype)
        return Argument(False, _NATIVE[types.unliteral(kind)])  # noqa: FBT003

    def results(self, dtypes: Sequence[str]) -> Any:
        kinds = [Lanes(dtype, self.lanes) for dtype in dtypes]
        return types.none if not kinds else kinds[0] if len(kinds) == 1 else types.Tuple(kinds)

    def signature(self, result: Any, arguments: Sequence[Any]) -> Any:
        return signature(result, *arguments)

    def emitter(self, builder: ir.IRBuilder, arguments: Sequence[ir.Value]) -> Emitter:
        return CpuEmitter(builder, arguments, self.lanes)


class _DeviceFunction(Compiler):
    """Compiles a function to LLVM code: only other device code calls it, or machine code is made of it elsewhere."""

    def compile_extra(self, func: DeviceFunction) -> Any:
        """Return the function's LLVM code; Numba wants a built-in function by which to find it again."""
        library = self.state.targetctx.codegen().create_library(func.__qualname__)
        # Callers link the LLVM code. Machine code of it, which Numba would make here, nobody calls.
        library._finalize_final_module = partial(setattr, library, "_finalized", True)  # noqa: FBT003, SLF001
        self.state.library = library
        self.state.flags.no_compile = True
        compiled = super().compile_extra(func)._replace(entry_point=object().__dir__)
        self.state.targetctx.insert_user_function(compiled.entry_point, compiled.fndesc, [compiled.library])
        return compiled


class CpuTarget(Target):
    """Runs device code on SIMD lanes.

    Parameters
    ----------
    lanes
        Runs that a core advances together: a power of two.
    """

    name = "cpu"

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self._dialect = _CpuDialect(lanes)

    def straight_line(self, function: DeviceFunction) -> DeviceFunction:
        """Return an intrinsic."""
        return straight_line_intrinsic(function, self._dialect)

    def control(self, function: DeviceFunction, *, inline: bool = True) -> DeviceFunction:
        """Return a Numba function."""
        return numba.njit(
            forceinline=inline,
            error_model="numpy",
            no_cpython_wrapper=True,
            no_cfunc_wrapper=True,
            pipeline_class=_DeviceFunction,
        )(function)

    def allocate(self, frame: Frame) -> DeviceFunction:
        """Return an intrinsic that cuts a frame's buffers from the two regions, or from the stack."""
        lanes = self.lanes

        @intrinsic
        def allocate(_context: Any, shared: Any, persistent: Any) -> Any:
            kind = _frame_type(frame, lanes)

            def generate(context: Any, builder: ir.IRBuilder, _signature: Any, regions: Sequence[Any]) -> Any:
                return _cut(context, builder, frame, regions, lanes)

            return signature(kind, shared, persistent), generate

        return allocate

    @property
    def any_lane(self) -> DeviceFunction:
        """Whether any bit of a mask is set."""

        @intrinsic
        def any_lane(_context: Any, mask: Any) -> Any:
            def generate(_: Any, builder: ir.IRBuilder, _signature: Any, values: Sequence[Any]) -> Any:
                bits = _bits(builder, values[0])
                return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

            return signature(types.boolean, mask), generate

        return any_lane

    @property
    def proceed(self) -> DeviceFunction:
        """Go on while lanes are active and fewer than a quarter wait to be replaced."""

        @intrinsic
        def proceed(_context: Any, active: Any, waiting: Any, idle: Any) -> Any:
            def generate(context: Any, builder: ir.IRBuilder, kind: Any, values: Sequence[Any]) -> Any:
                bits = _bits(builder, values[0])
                running = builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))
                waiting_bits = _bits(builder, values[1])
                count = builder.ctpop(waiting_bits)
                few = builder.icmp_unsigned("<", count, ir.Constant(bits.type, max(1, self.lanes // 4)))
                return context.make_tuple(builder, kind.return_type, [builder.and_(running, few), values[2]])

            return signature(types.Tuple((types.boolean, types.unliteral(idle))), active, waiting, idle), generate

        return proceed

    @property
    def take(self) -> DeviceFunction:
        """Advance the counter that all cores share by the number of lanes that want a run."""
        lanes = self.lanes

        @intrinsic
        def take(_context: Any, queue: Any, run: Any, wanted: Any) -> Any:
            def generate(_: Any, builder: ir.IRBuilder, _signature: Any, values: Sequence[Any]) -> Any:
                queue_at, run, wanted = values
                return _take(builder, queue_at, run, wanted, lanes)

            return signature(Lanes("int64", lanes), queue, run, wanted), generate

        return take


def _bits(builder: ir.IRBuilder, mask: ir.Value) -> ir.Value:
    return builder.bitcast(mask, ir.IntType(mask.type.count))


def _take(builder: ir.IRBuilder, queue: ir.Value, run: ir.Value, wanted: ir.Value, lanes: int) -> ir.Value:
    wide = builder.zext(wanted, ir.VectorType(_LONG, lanes))
    position = ir.Constant(_LONG, 0)
    offsets = ir.Constant(ir.VectorType(_LONG, lanes), ir.Undefined)
    for lane in range(lanes):
        index = ir.Constant(_INT, lane)
        offsets = builder.insert_element(offsets, position, index)
        position = builder.add(position, builder.extract_element(wide, index))
    first = builder.atomic_rmw("add", queue, position, "monotonic")
    splat = Emitter(builder, (), lanes).splat(first)
    return builder.select(wanted, builder.add(splat, offsets), run)


def _frame_type(frame: Frame, lanes: int) -> Any:
    own = [LaneArray(str(allocator.dtype), lanes) for allocator in frame.own]
    return types.Tuple([*own, *(_frame_type(child, lanes) for *_, child in frame.children)])


def _cut(context: Any, builder: ir.IRBuilder, frame: Frame, regions: Sequence[ir.Value], lanes: int) -> ir.Value:
    """Return the nested tuple of a frame's buffers, given its shared and persistent regions."""
    parts = [_buffer(builder, allocator, regions, lanes) for allocator in frame.own]
    for in_shared, in_persistent, child in frame.children:
        inner = [_buffer(builder, allocator, regions, lanes) for allocator in (in_shared, in_persistent)]
        parts.append(_cut(context, builder, child, inner, lanes))
    return context.make_tuple(builder, _frame_type(frame, lanes), parts)


def _buffer(builder: ir.IRBuilder, allocator: Allocator, regions: Sequence[ir.Value], lanes: int) -> ir.Value:
    if allocator.location == "local":
        return stack_memory(builder, allocator.nbytes * lanes, 64)
    region = regions[0] if allocator.location == "shared" else regions[1]
    assert allocator.offset is not None  # noqa: S101 - only local buffers have none
    return builder.gep(region, [ir.Constant(_LONG, allocator.offset * lanes)])


def compile_kernel(target: CpuTarget, integrate: DeviceFunction, precision: str) -> tuple[bytes, str]:
    """Compile the loop to machine code.

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
    code, symbol
        An object file, and its function of the number of runs and of addresses: (queue, runs, inputs, defaults,
        variables, times, status, steps, rejected, shared, persistent).
    """
    real = types.CPointer(types.float32 if precision == "float32" else types.float64)
    counts = types.CPointer(types.int32)
    region = LaneArray("uint8", target.lanes)
    as_region = _region(region)
    arguments = (
        types.CPointer(types.int64),
        types.int64,
        real,
        real,
        real,
        types.CPointer(types.float64),
        counts,
        counts,
        counts,
        types.CPointer(types.uint8),
        types.CPointer(types.uint8),
    )

    def kernel(  # noqa: PLR0913, PLR0917 - one argument an array
        queue: Any,
        runs: Any,
        inputs: Any,
        defaults: Any,
        variables: Any,
        times: Any,
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
            (variables, times),
            (status, steps, rejected),
            as_region(shared),
            as_region(persistent),
        )

    dispatcher: Any = target.control(kernel)
    dispatcher.compile(types.void(*arguments))
    (compiled,) = dispatcher.overloads.values()
    library = compiled.library
    with global_compiler_lock:
        library.finalize()
    return library._codegen._tm.emit_object(library._final_module), compiled.fndesc.llvm_func_name  # noqa: SLF001


def _region(kind: LaneArray) -> DeviceFunction:
    """Return an intrinsic that takes an address as a region."""

    @intrinsic
    def as_region(_context: Any, address: Any) -> Any:
        def generate(_: Any, _builder: Any, _signature: Any, values: Sequence[Any]) -> Any:
            return values[0]

        return signature(kind, address), generate

    return as_region
