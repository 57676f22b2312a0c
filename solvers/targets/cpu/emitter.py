"""Vector code for the cpu target: a vector of runs in place of each number."""

from collections.abc import Sequence

from llvmlite import ir

from solvers.straightline.record import MASK
from solvers.straightline.recorded import Recorded
from solvers.straightline.setting import SettingsBlock
from solvers.targets.cpu import math as cpu_math
from solvers.targets.cpu.lanes import Group
from solvers.targets.emitter import Emitter
from solvers.targets.lane_builder import BYTES, SCALAR

_BYTE = ir.IntType(8)
_INT = ir.IntType(32)
_LONG = ir.IntType(64)


def split(builder: ir.IRBuilder, value: ir.Value) -> list[ir.Value]:
    """Return the vectors of a group's value."""
    return [builder.extract_value(value, part) for part in range(value.type.count)]


def join(builder: ir.IRBuilder, vectors: Sequence[ir.Value]) -> ir.Value:
    """Return vectors as a group's value."""
    value = ir.Constant(ir.ArrayType(vectors[0].type, len(vectors)), ir.Undefined)
    for part, vector in enumerate(vectors):
        value = builder.insert_value(value, vector, part)
    return value


class GroupEmitter:
    """Writes a record once for each vector of a group.

    Parameters
    ----------
    builder
        Where instructions go.
    arguments
        The LLVM values of the function's arguments: a group's values, buffers and uniform numbers.
    group
        The runs.
    settings
        See `Emitter`.
    """

    def __init__(
        self,
        builder: ir.IRBuilder,
        arguments: Sequence[ir.Value],
        group: Group,
        settings: SettingsBlock | None = None,
    ) -> None:
        self.builder = builder
        self.arguments = arguments
        self.group = group
        self.settings = settings

    def emit(self, recorded: Recorded) -> list[ir.Value]:
        """Write all operations; return the values of the results."""
        parts = [self._emit_part(recorded, part) for part in range(self.group.parts)]
        return [join(self.builder, vectors) for vectors in zip(*parts, strict=True)]

    def _emit_part(self, recorded: Recorded, part: int) -> list[ir.Value]:
        arguments = [
            self.builder.extract_value(value, part) if isinstance(value.type, ir.ArrayType) else value
            for value in self.arguments
        ]
        lanes = self.group.width, part, self.group.parts
        return CpuEmitter(self.builder, arguments, *lanes, settings=self.settings).emit(recorded)


class CpuEmitter(Emitter):
    """Vector code.

    Parameters
    ----------
    builder, arguments, lanes, settings
        See `Emitter`.
    part, parts
        Which of how many vectors a buffer's element consists of.
    """

    def __init__(
        self,
        builder: ir.IRBuilder,
        arguments: Sequence[ir.Value],
        lanes: int,
        part: int = 0,
        parts: int = 1,
        settings: SettingsBlock | None = None,
    ) -> None:
        super().__init__(builder, arguments, lanes, settings)
        self.part = part
        self.parts = parts

    def pointer(self, base: ir.Value, dtype: str, index: int | ir.Value) -> ir.Value:
        """Return the address of this part of an element of a buffer."""
        if isinstance(index, int):
            return super().pointer(base, dtype, index * self.parts + self.part)
        parts, part = (ir.Constant(_LONG, number) for number in (self.parts, self.part))
        return super().pointer(base, dtype, self.builder.add(self.builder.mul(index, parts), part))

    def function(self, name: str, dtype: str, operands: list[ir.Value]) -> ir.Value:
        """Call a function of the vector library, or of the C library lane by lane."""
        if name in {"floor", "ceil"}:
            return self.intrinsic(f"llvm.{name}", operands)
        return cpu_math.emit_call(self.builder, self.external, name, dtype, operands)

    def quotient_estimate(self, _dtype: str, numerator: ir.Value, denominator: ir.Value) -> ir.Value:
        """Divide exactly."""
        return self.builder.fdiv(numerator, denominator)

    def reciprocal_guess(self, dtype: str, value: ir.Value) -> ir.Value:
        """Divide, and keep the first bits of a float64."""
        return self._first_bits(self.builder.fdiv(self.constant(1.0, dtype), value), dtype)

    def root_guess(self, value: ir.Value) -> ir.Value:
        """Divide by the root, and keep the first bits."""
        root = self.intrinsic("llvm.sqrt", [value])
        return self._first_bits(self.builder.fdiv(self.constant(1.0, "float64"), root), "float64")

    def _first_bits(self, value: ir.Value, dtype: str) -> ir.Value:
        if dtype == "float32":
            return value
        bits = self.builder.bitcast(value, self.type("int64"))
        return self.builder.bitcast(self.builder.and_(bits, self.constant(-(2**32), "int64")), value.type)

    def load(self, base: ir.Value, dtype: str, index: int | ir.Value) -> ir.Value:
        """Load a vector from a buffer, or one number for all lanes from memory of all runs."""
        if base.type == _BYTE.as_pointer():
            return super().load(base, dtype, index)
        place = ir.Constant(_LONG, index) if isinstance(index, int) else index
        return self.splat(self.builder.load(self.builder.gep(base, [place])))

    def gather(self, base: ir.Value, dtype: str, index: ir.Value, mask: ir.Value) -> ir.Value:
        """Load lane by lane address."""
        pointers = self._addresses(base, index)
        kind = self.type(dtype)
        suffix = f"{self.suffix(kind)}.{self._pointer_suffix()}"
        alignment = ir.Constant(_INT, 4 if dtype == "float32" else 8)
        arguments = [pointers, alignment, mask, self.constant(0, dtype)]
        return self.external(f"llvm.masked.gather.{suffix}", kind, arguments)

    def fetch(self, row: ir.Value, dtype: str, column: int, _alignment: int) -> ir.Value:
        """Load lane by lane address."""
        kind, bytes_each = self.type(dtype), BYTES[dtype]
        pointer = SCALAR[dtype].as_pointer()
        pointers = self.builder.add(row, self.constant(column * bytes_each, "int64"))
        if self.lanes == 1:
            return self.builder.load(self.builder.inttoptr(pointers, pointer), align=bytes_each)
        pointers = self.builder.inttoptr(pointers, ir.VectorType(pointer, self.lanes))
        arguments = [pointers, ir.Constant(_INT, bytes_each), self.constant(1, MASK), self.constant(0, dtype)]
        return self.external(f"llvm.masked.gather.{self.suffix(kind)}.{self._pointer_suffix()}", kind, arguments)

    def scatter(self, base: ir.Value, dtype: str, index: ir.Value, value: ir.Value, mask: ir.Value) -> None:
        """Store lane by lane address."""
        pointers = self._addresses(base, index)
        suffix = f"{self.suffix(value.type)}.{self._pointer_suffix()}"
        align = ir.Constant(_INT, 4 if dtype in {"float32", "int32"} else 8)
        self.external(f"llvm.masked.scatter.{suffix}", ir.VoidType(), [value, pointers, align, mask])

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
        """Split off the integer part, within what an exponent holds; a polynomial for the rest in [-1/2, 1/2]."""
        builder, whole = self.builder, self.type("int32")
        for sign, limit in ((">", -126.0), ("<", 127.0)):
            bound = self.constant(limit, "float32")
            value = builder.select(builder.fcmp_ordered(sign, value, bound), value, bound)
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
