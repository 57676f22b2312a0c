"""The cpu target: Numba compiles device code with a vector of runs in place of each number."""

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numba
from llvmlite import ir
from numba.core import types as numba_types
from numba.core.compiler import Compiler
from numba.core.typing import signature
from numba.extending import intrinsic, models, register_model

from buffers import Allocator
from solvers.memory import Frame
from solvers.straightline.record import Argument, Arguments
from solvers.targets import cpu_math
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


class CpuEmitter(Emitter):
    """Vector code."""

    def function(self, name: str, dtype: str, operands: list[ir.Value]) -> ir.Value:
        """Call a function of the vector library, or of the C library lane by lane."""
        if name in {"floor", "ceil"}:
            return self.intrinsic(f"llvm.{name}", operands)
        return cpu_math.emit_call(self.builder, self.external, name, dtype, operands)

    def quotient_estimate(self, _dtype: str, numerator: ir.Value, denominator: ir.Value) -> ir.Value:
        """Divide exactly."""
        return self.builder.fdiv(numerator, denominator)

    def load(self, base: ir.Value, dtype: str, index: int) -> ir.Value:
        """Load a vector from a buffer, or one number for all lanes from memory of all runs."""
        if base.type == _BYTE.as_pointer():
            return super().load(base, dtype, index)
        return self.splat(self.builder.load(self.builder.gep(base, [ir.Constant(_LONG, index)])))

    def gather(self, base: ir.Value, dtype: str, index: ir.Value, mask: ir.Value) -> ir.Value:
        """Load lane by lane address."""
        pointers = self._addresses(base, index)
        kind = self.type(dtype)
        suffix = f"{self.suffix(kind)}.{self._pointer_suffix()}"
        arguments = [pointers, ir.Constant(_INT, 8), mask, self.constant(0, dtype)]
        if dtype == "float32":
            arguments[1] = ir.Constant(_INT, 4)
        return self.external(f"llvm.masked.gather.{suffix}", kind, arguments)

    def scatter(self, base: ir.Value, dtype: str, index: ir.Value, value: ir.Value, mask: ir.Value) -> None:
        """Store lane by lane address."""
        pointers = self._addresses(base, index)
        suffix = f"{self.suffix(value.type)}.{self._pointer_suffix()}"
        align = ir.Constant(_INT, 4 if dtype in {"float32", "int32"} else 8)
        self.external(f"llvm.masked.scatter.{suffix}", ir.VoidType(), [value, pointers, align, mask])

    def suffix(self, kind: ir.Type) -> str:
        """Return a type's name as LLVM's intrinsics spell it."""
        return f"i{kind.width}" if isinstance(kind, ir.IntType) else super().suffix(kind)

    def _pointer_suffix(self) -> str:
        return f"v{self.lanes}p0"

    def _addresses(self, base: ir.Value, index: ir.Value) -> ir.Value:
        element = base.type.pointee
        integers = self.builder.add(
            self.splat(self.builder.ptrtoint(base, _LONG)),
            self.builder.mul(index, self.splat(ir.Constant(_LONG, _size(element)))),
        )
        return self.builder.inttoptr(integers, ir.VectorType(element.as_pointer(), self.lanes))

    def log2_estimate(self, value: ir.Value) -> ir.Value:
        """Split off the exponent; a polynomial for the mantissa in [sqrt(1/2), sqrt(2))."""
        builder, whole = self.builder, self.type("int32")
        bits = builder.bitcast(value, whole)
        shifted = builder.sub(bits, self.constant(0x3F3504F3, "int32"))
        exponent = builder.ashr(shifted, self.constant(23, "int32"))
        mantissa = builder.sub(bits, builder.shl(exponent, self.constant(23, "int32")))
        x = builder.fsub(builder.bitcast(mantissa, value.type), self.constant(1.0, "float32"))
        series = self._polynomial(x, _LOG2_COEFFICIENTS)
        return self.intrinsic("llvm.fma", [x, series, builder.sitofp(exponent, value.type)])

    def exp2_estimate(self, value: ir.Value) -> ir.Value:
        """Split off the integer part; a polynomial for the rest in [-1/2, 1/2]."""
        builder, whole = self.builder, self.type("int32")
        rounded = self.intrinsic("llvm.rint", [value])
        x = builder.fsub(value, rounded)
        series = self._polynomial(x, _EXP2_COEFFICIENTS)
        exponent = builder.shl(builder.fptosi(rounded, whole), self.constant(23, "int32"))
        return builder.bitcast(builder.add(builder.bitcast(series, whole), exponent), value.type)

    def _polynomial(self, x: ir.Value, coefficients: Sequence[float]) -> ir.Value:
        total = self.constant(coefficients[-1], "float32")
        for coefficient in reversed(coefficients[:-1]):
            total = self.intrinsic("llvm.fma", [total, x, self.constant(coefficient, "float32")])
        return total


#: log2(1 + x)/x on [sqrt(1/2) - 1, sqrt(2) - 1] and 2**x on [-1/2, 1/2]: Chebyshev fits, errors 4e-7 and 1e-7.
_LOG2_COEFFICIENTS = (
    1.4426949948930472,
    -0.7213529313629646,
    0.48091670800016406,
    -0.36022518246130675,
    0.2872888823756269,
    -0.2492718220733997,
    0.23265257880869303,
    -0.1427597343487987,
)
_EXP2_COEFFICIENTS = (
    1.0000000754548972,
    0.6931471880262273,
    0.2402210748530968,
    0.05550357114222094,
    0.009676031918255982,
    0.001339086336353527,
)


def _size(element: ir.Type) -> int:
    return {"float": 4, "double": 8, "i8": 1, "i32": 4, "i64": 8}[str(element)]


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


class _InnerFunction(Compiler):
    """Compiles a function that only other device code calls, so that it needs no machine code of its own."""

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
            pipeline_class=_InnerFunction,
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
        def proceed(_context: Any, active: Any, waiting: Any) -> Any:
            def generate(_: Any, builder: ir.IRBuilder, _signature: Any, values: Sequence[Any]) -> Any:
                bits = _bits(builder, values[0])
                running = builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))
                waiting_bits = _bits(builder, values[1])
                count = builder.ctpop(waiting_bits)
                few = builder.icmp_unsigned("<", count, ir.Constant(bits.type, max(1, self.lanes // 4)))
                return builder.and_(running, few)

            return signature(types.boolean, active, waiting), generate

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


def compile_kernel(target: CpuTarget, integrate: DeviceFunction, precision: str) -> Callable[..., None]:
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
    callable
        Takes the number of runs and addresses: (queue, runs, inputs, defaults, variables, times, status, steps,
        rejected, shared, persistent). It releases the interpreter's lock while it runs, so threads may call it.
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

    compiled = numba.cfunc(types.void(*arguments), error_model="numpy")(kernel)
    addresses = [ctypes.c_int64 if kind == types.int64 else ctypes.c_void_p for kind in arguments]
    call = ctypes.CFUNCTYPE(None, *addresses)(compiled.address)

    def run(*values: int) -> None:
        call(*values)

    run.machine_code = compiled  # type: ignore[attr-defined] # freed with what refers to it
    return run


def _region(kind: LaneArray) -> DeviceFunction:
    """Return an intrinsic that takes an address as a region."""

    @intrinsic
    def as_region(_context: Any, address: Any) -> Any:
        def generate(_: Any, _builder: Any, _signature: Any, values: Sequence[Any]) -> Any:
            return values[0]

        return signature(kind, address), generate

    return as_region
