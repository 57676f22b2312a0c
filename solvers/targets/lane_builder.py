"""Types, constants and calls in LLVM IR, for scalars or for vectors of runs."""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from solvers.straightline.record import INDEX, MASK

SCALAR = {
    "float32": ir.FloatType(),
    "float64": ir.DoubleType(),
    "int32": ir.IntType(32),
    "int64": ir.IntType(64),
    MASK: ir.IntType(1),
}
INDEX_TYPE = ir.IntType(64)
BYTES = {"float32": 4, "float64": 8, "int32": 4, "int64": 8}


def stack_memory(builder: ir.IRBuilder, nbytes: int, alignment: int) -> ir.Value:
    """Return the address of undefined memory on the stack of the function being written."""
    byte = ir.IntType(8)
    # Numba's own helper clears what it allocates, one store a byte, over which LLVM takes minutes.
    with builder.goto_entry_block():
        memory = builder.alloca(ir.ArrayType(byte, max(1, nbytes)))
        memory.align = alignment
        return builder.bitcast(memory, byte.as_pointer())


class LaneBuilder:
    """Writes types, constants and calls for values of some runs.

    Parameters
    ----------
    builder
        Where instructions go.
    lanes
        Runs per value; 1 makes scalars.
    """

    def __init__(self, builder: ir.IRBuilder, lanes: int = 1) -> None:
        self.builder = builder
        self.lanes = lanes

    def type(self, dtype: str | None) -> ir.Type:
        """Return the LLVM type of a value."""
        assert dtype is not None  # noqa: S101 - only stores have no type
        if dtype == INDEX:
            return INDEX_TYPE
        scalar = SCALAR[dtype]
        return scalar if self.lanes == 1 else ir.VectorType(scalar, self.lanes)

    def constant(self, number: Any, dtype: str) -> ir.Constant:
        """Return a constant, the same in every lane."""
        scalar = ir.Constant(SCALAR[dtype], number)
        if self.lanes == 1:
            return scalar
        return ir.Constant(self.type(dtype), [scalar] * self.lanes)

    def splat(self, scalar: ir.Value) -> ir.Value:
        """Return a uniform value in every lane."""
        if self.lanes == 1 or isinstance(scalar.type, ir.VectorType):
            return scalar
        vector = ir.VectorType(scalar.type, self.lanes)
        first = self.builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), order)

    def alignment(self, dtype: str) -> int:
        """Return the alignment of a buffer's elements in bytes."""
        return min(64, BYTES[dtype] * self.lanes)

    def sign(self, value: ir.Value, dtype: str) -> ir.Value:
        """Return 1, -1, or what is zero or NaN itself."""
        zero = self.constant(0.0, dtype)
        positive = self.builder.fcmp_ordered(">", value, zero)
        negative = self.builder.fcmp_ordered("<", value, zero)
        below = self.builder.select(negative, self.constant(-1.0, dtype), value)
        return self.builder.select(positive, self.constant(1.0, dtype), below)

    def suffix(self, kind: ir.Type) -> str:
        """Return the type's name as LLVM's intrinsics spell it."""
        if isinstance(kind, ir.VectorType):
            return f"v{kind.count}{self.suffix(kind.element)}"
        if isinstance(kind, ir.IntType):
            return f"i{kind.width}"
        return {ir.FloatType: "f32", ir.DoubleType: "f64"}[type(kind)]

    def intrinsic(self, name: str, operands: Sequence[ir.Value]) -> ir.Value:
        """Call an LLVM intrinsic overloaded on the type of its first operand."""
        kind = operands[0].type
        return self.external(f"{name}.{self.suffix(kind)}", kind, operands)

    def external(self, name: str, result: ir.Type, operands: Sequence[ir.Value]) -> ir.Value:
        """Call a function by name, declaring it where the module does not yet."""
        module = self.builder.module
        function = module.globals.get(name)
        if function is None:
            signature = ir.FunctionType(result, [operand.type for operand in operands])
            function = ir.Function(module, signature, name)
        return self.builder.call(function, operands)
