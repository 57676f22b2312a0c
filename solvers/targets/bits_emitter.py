"""What is done with the bits of numbers, in LLVM IR; see `solvers.straightline.bits`."""

from llvmlite import ir

from solvers.straightline.record import Operation
from solvers.targets.lane_builder import LaneBuilder


class BitsEmitter(LaneBuilder):
    """Writes operations on bits and words."""

    def _emit_bits(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.bitcast(operands[0], self.type(operation.dtype))

    _emit_float_of = _emit_bits

    def _emit_high_word(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        bits = self.builder.bitcast(operands[0], self.type("int64"))
        return self.builder.trunc(self.builder.lshr(bits, self.constant(32, "int64")), self.type("int32"))

    def _emit_low_word(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.trunc(self.builder.bitcast(operands[0], self.type("int64")), self.type("int32"))

    def _emit_from_words(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        high, low = (self.builder.zext(operand, self.type("int64")) for operand in operands)
        bits = self.builder.or_(self.builder.shl(high, self.constant(32, "int64")), low)
        return self.builder.bitcast(bits, self.type("float64"))

    def _emit_shift_left(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.shl(operands[0], self.constant(operation.detail, str(operation.dtype)))

    def _emit_shift_right(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.ashr(operands[0], self.constant(operation.detail, str(operation.dtype)))
