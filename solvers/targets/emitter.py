"""From recorded straight-line code to LLVM IR: scalars or vectors by the same builder calls."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd

from llvmlite import ir

from solvers.straightline.loops import Table
from solvers.straightline.record import FLOATS, INDEX, INTEGERS, MASK, Operation, Place
from solvers.straightline.recorded import Recorded
from solvers.straightline.setting import SLOT_BYTES, Setting, SettingsBlock
from solvers.targets.bits_emitter import BitsEmitter
from solvers.targets.lane_builder import BYTES, INDEX_TYPE, SCALAR
from solvers.targets.settings import load_setting
from solvers.targets.tables import table_address, table_bytes

_FLOAT_BINARY = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_INTEGER_BINARY = {"add": "add", "sub": "sub", "mul": "mul"}


@dataclass
class _Loop:
    """A loop that is being written; `after` is where it leads that may be left before it begins."""

    body: ir.Block
    index: ir.Value
    carried: list[ir.Value]
    count: ir.Value
    after: ir.Block | None = None


def _as_index(index: int | ir.Value) -> ir.Value:
    return ir.Constant(INDEX_TYPE, index) if isinstance(index, int) else index


class Emitter(BitsEmitter, ABC):
    """Writes the operations of one record into a builder.

    A target derives from it and adds what differs: mathematical functions, estimates, memory of all runs.

    Parameters
    ----------
    builder, lanes
        See `LaneBuilder`.
    arguments
        The LLVM values of the function's arguments.
    settings
        Where settings lie; None where there are none.
    """

    #: Where LLVM code finds them.
    settings_space = 0

    def __init__(
        self,
        builder: ir.IRBuilder,
        arguments: Sequence[ir.Value],
        lanes: int = 1,
        settings: SettingsBlock | None = None,
    ) -> None:
        super().__init__(builder, lanes)
        self.arguments = arguments
        self.settings = settings
        self._handlers: dict[str, Callable[[Operation, list[ir.Value]], ir.Value | None]] = {
            name[len("_emit_") :].replace("_", " "): getattr(self, name)
            for name in dir(self)
            if name.startswith("_emit_")
        }

    def emit(self, recorded: Recorded) -> list[ir.Value]:
        """Write all operations; return the values of the results."""
        values: list[ir.Value | None] = []
        self.operations = recorded.record.operations
        self.dtypes = [operation.dtype for operation in self.operations]
        self._loops: list[_Loop] = []
        for operation in recorded.record.operations:
            self.operand_dtypes = [self.dtypes[position] for position in operation.operands]
            operands = [values[position] for position in operation.operands]
            values.append(self._handlers[operation.kind](operation, operands))
        return [values[result.position] for result in recorded.results]

    # -- operations -----------------------------------------------------------------------------

    def _emit_nothing(self, _: Operation, __: list[ir.Value]) -> None:
        return None

    def _emit_constant(self, operation: Operation, _: list[ir.Value]) -> ir.Value:
        assert operation.dtype is not None  # noqa: S101
        return self.constant(operation.detail.number, operation.dtype)

    def _emit_setting(self, operation: Operation, _: list[ir.Value]) -> ir.Value:
        assert operation.dtype is not None and self.settings is not None  # noqa: S101, PT018
        offset = self.settings.offset(operation.detail, operation.dtype)
        return self.splat(load_setting(self.builder, SCALAR[operation.dtype], offset, self.settings_space))

    def _emit_argument(self, operation: Operation, _: list[ir.Value]) -> ir.Value:
        return self.splat(self.arguments[operation.detail])

    def _arithmetic(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        table = _FLOAT_BINARY if operation.dtype in FLOATS else _INTEGER_BINARY
        return getattr(self.builder, table[operation.kind])(*operands)

    _emit_add = _emit_sub = _emit_mul = _emit_div = _arithmetic

    def _emit_neg(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        assert operation.dtype is not None  # noqa: S101
        if operation.dtype in INTEGERS:
            return self.builder.neg(operands[0])
        # NVVM's dialect of LLVM has no fneg.
        return self.builder.fsub(self.constant(-0.0, operation.dtype), operands[0])

    def _emit_fma(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.intrinsic("llvm.fma", operands)

    def _emit_minimum(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self._propagating("<", operands)

    def _emit_maximum(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self._propagating(">", operands)

    def _propagating(self, relation: str, operands: list[ir.Value]) -> ir.Value:
        first, second = operands
        chosen = self.builder.select(self.builder.fcmp_ordered(relation, first, second), first, second)
        unordered = self.builder.fcmp_unordered("uno", first, second)
        return self.builder.select(unordered, self.builder.fadd(first, second), chosen)

    def _emit_larger(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.select(self.builder.fcmp_ordered(">", *operands), *operands)

    def _emit_smaller(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.select(self.builder.fcmp_ordered("<", *operands), *operands)

    def _emit_compare(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        if self.operand_dtypes[0] in INTEGERS:
            return self.builder.icmp_signed(operation.detail, *operands)
        if operation.detail == "!=":
            return self.builder.fcmp_unordered("!=", *operands)
        return self.builder.fcmp_ordered(operation.detail, *operands)

    def _emit_select(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.select(*operands)

    def _emit_and(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.and_(*operands)

    _emit_masked = _emit_and

    def _emit_or(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.or_(*operands)

    def _emit_not(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.xor(operands[0], self.constant(1, MASK))

    def _emit_abs(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.intrinsic("llvm.fabs", operands)

    def _emit_larger_magnitude(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        return self._emit_larger(operation, [self._emit_abs(operation, [operand]) for operand in operands])

    def _emit_sqrt(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.intrinsic("llvm.sqrt", operands)

    def _emit_convert(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        source, goal = self.operand_dtypes[0], operation.dtype
        kind = self.type(goal)
        if source == MASK:
            return self.builder.zext(operands[0], kind)
        if source in FLOATS and goal in FLOATS:
            widen = goal == "float64"
            return self.builder.fpext(operands[0], kind) if widen else self.builder.fptrunc(operands[0], kind)
        if source in INTEGERS and goal in INTEGERS:
            widen = goal == "int64"
            return self.builder.sext(operands[0], kind) if widen else self.builder.trunc(operands[0], kind)
        if source in INTEGERS:
            return self.builder.sitofp(operands[0], kind)
        return self.builder.fptosi(operands[0], kind)

    def _emit_call(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        if operation.detail == "sign":
            return self.sign(operands[0], str(operation.dtype))
        return self.function(operation.detail, str(operation.dtype), operands)

    def _emit_load(self, operation: Operation, _: list[ir.Value]) -> ir.Value:
        argument, index = operation.detail
        return self.load(self.arguments[argument], str(operation.dtype), index)

    def _emit_store(self, operation: Operation, operands: list[ir.Value]) -> None:
        argument, index = operation.detail
        self.store(self.arguments[argument], str(self.operand_dtypes[0]), index, operands[0])

    # -- loops ------------------------------------------------------------------------------------

    def _emit_loop(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        counted = operation.detail is None
        starts, count = (operands[:-1], operands[-1]) if counted else (operands, self.loop_count(operation.detail))
        before, body = self.builder.block, self.builder.append_basic_block("loop")
        self.builder.branch(body)
        self.builder.position_at_end(body)
        index = self.builder.phi(INDEX_TYPE)
        index.add_incoming(ir.Constant(INDEX_TYPE, 0), before)
        carried = [self.builder.phi(start.type) for start in starts]
        for phi, start in zip(carried, starts, strict=True):
            phi.add_incoming(start, before)
        self._loops.append(_Loop(body, index, carried, count))
        if counted:
            self._leave_unless(index, count)
        return index

    def _leave_unless(self, index: ir.Value, count: ir.Value) -> None:
        """Look, before a loop is gone through, whether it is to be."""
        loop = self._loops[-1]
        work, loop.after = (self.builder.append_basic_block(name) for name in ("work", "after"))
        self.builder.cbranch(self.builder.icmp_unsigned("<", index, count), work, loop.after)
        self.builder.position_at_end(work)

    def _emit_carried(self, operation: Operation, _: list[ir.Value]) -> ir.Value:
        return self._loops[-1].carried[operation.detail]

    def _emit_end_loop(self, _: Operation, operands: list[ir.Value]) -> None:
        loop, totals = self._loops.pop(), operands[1:]
        following = self.builder.add(loop.index, ir.Constant(INDEX_TYPE, 1))
        for phi, value in zip([loop.index, *loop.carried], [following, *totals], strict=True):
            phi.add_incoming(value, self.builder.block)
        if loop.after:
            self._totals, after = loop.carried, loop.after
            back = self.builder.branch(loop.body)
        else:
            self._totals, after = totals, self.builder.append_basic_block("after")
            goes_on = self.builder.icmp_unsigned("<", following, loop.count)
            back = self.builder.cbranch(goes_on, loop.body, after)
        self.mark_loop(back)
        self.builder.position_at_end(after)

    def _emit_left(self, operation: Operation, _: list[ir.Value]) -> ir.Value:
        return self._totals[operation.detail]

    def _place(self, place: Place, index: ir.Value) -> ir.Value:
        scaled = self.builder.mul(index, ir.Constant(INDEX_TYPE, place.factor))
        return self.builder.add(scaled, ir.Constant(INDEX_TYPE, place.offset))

    def _emit_index(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        return self._place(Place(0, *operation.detail), operands[0])

    def _emit_index_sum(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        factors = (ir.Constant(INDEX_TYPE, factor) for factor in operation.detail)
        return self.builder.add(*map(self.builder.mul, operands, factors))

    def _emit_load_at(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        place = self._place(operation.detail, operands[0])
        return self.load(self.arguments[operation.detail.argument], str(operation.dtype), place)

    def _emit_store_at(self, operation: Operation, operands: list[ir.Value]) -> None:
        place = self._place(operation.detail, operands[0])
        self.store(self.arguments[operation.detail.argument], str(self.operand_dtypes[1]), place, operands[1])

    def _emit_look_up(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        table, (factor, offset) = operation.detail
        place = self._place(Place(0, factor, offset), operands[0])
        if isinstance(table.numbers[0], Setting):
            return self._looked_up_setting(table, place)
        entry = self.builder.load(self.builder.gep(self._table(table), [place]))
        return self.builder.zext(entry, INDEX_TYPE) if table.dtype == INDEX else self.splat(entry)

    def _looked_up_setting(self, table: Table, place: ir.Value) -> ir.Value:
        assert self.settings is not None  # noqa: S101
        first = ir.Constant(INDEX_TYPE, self.settings.array_offset(table.numbers, table.dtype))
        offset = self.builder.add(self.builder.mul(place, ir.Constant(INDEX_TYPE, SLOT_BYTES)), first)
        return self.splat(load_setting(self.builder, SCALAR[table.dtype], offset, self.settings_space))

    def _table(self, table: Table) -> ir.Value:
        """Return the address of the numbers of a table."""
        numbers = table_bytes(table)
        name = f"cubie_table_{table.digest}"
        return table_address(self.builder.module, name, table, numbers, self.table_space(name, len(numbers)))

    def _emit_fetch(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        (column, width), dtype = operation.detail, str(operation.dtype)
        address, row = operands
        first = self.builder.mul(row, self.constant(width * BYTES[dtype], "int64"))
        return self.fetch(self.builder.add(address, first), dtype, column, gcd(width, column) * BYTES[dtype])

    def _emit_gather(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        index, mask = operands
        return self.gather(self.arguments[operation.detail], str(operation.dtype), index, mask)

    def _emit_scatter(self, operation: Operation, operands: list[ir.Value]) -> None:
        index, value, mask = operands
        self.scatter(self.arguments[operation.detail], str(self.operand_dtypes[1]), index, value, mask)

    def _emit_reciprocal(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.reciprocal(str(operation.dtype), operands[0])

    def _emit_exact_reciprocal(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.builder.fdiv(self.constant(1.0, str(operation.dtype)), *operands)

    def _emit_quotient_estimate(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.quotient_estimate(str(operation.dtype), *operands)

    def _emit_reciprocal_guess(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.reciprocal_guess(str(operation.dtype), operands[0])

    def _emit_root_guess(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.root_guess(operands[0])

    def _emit_log2_estimate(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.log2_estimate(operands[0])

    def _emit_exp2_estimate(self, _: Operation, operands: list[ir.Value]) -> ir.Value:
        return self.exp2_estimate(operands[0])

    # -- what a target adds ---------------------------------------------------------------------

    def loop_count(self, count: int) -> ir.Value:
        """Return how often a loop is gone through."""
        return ir.Constant(INDEX_TYPE, count)

    def mark_loop(self, back: ir.Instruction) -> None:
        """Write what is to be known of a loop to the branch that leads back."""

    def table_space(self, name: str, nbytes: int) -> int:  # noqa: ARG002 - where there are several
        """Return the address space of a table."""
        return 0

    def pointer(self, base: ir.Value, dtype: str, index: int | ir.Value) -> ir.Value:
        """Return the address of an element of a run's buffer."""
        typed = self.builder.bitcast(base, self.type(dtype).as_pointer())
        return self.builder.gep(typed, [_as_index(index)], inbounds=True)

    def load(self, base: ir.Value, dtype: str, index: int | ir.Value) -> ir.Value:
        """Load an element of a buffer."""
        return self.builder.load(self.pointer(base, dtype, index), align=self.alignment(dtype))

    def store(self, base: ir.Value, dtype: str, index: int | ir.Value, value: ir.Value) -> None:
        """Store an element of a buffer."""
        self.builder.store(value, self.pointer(base, dtype, index), align=self.alignment(dtype))

    @abstractmethod
    def gather(self, base: ir.Value, dtype: str, index: ir.Value, mask: ir.Value) -> ir.Value:
        """Load from memory of all runs where a mask holds."""

    @abstractmethod
    def fetch(self, row: ir.Value, dtype: str, column: int, alignment: int) -> ir.Value:
        """Load an element of a row, given where that begins; nobody writes it."""

    @abstractmethod
    def scatter(self, base: ir.Value, dtype: str, index: ir.Value, value: ir.Value, mask: ir.Value) -> None:
        """Store to memory of all runs where a mask holds."""

    @abstractmethod
    def function(self, name: str, dtype: str, operands: list[ir.Value]) -> ir.Value:
        """Call a mathematical function."""

    def reciprocal(self, dtype: str, value: ir.Value) -> ir.Value:
        """Return the reciprocal of a normal number to within a unit in the last place."""
        return self.builder.fdiv(self.constant(1.0, dtype), value)

    @abstractmethod
    def quotient_estimate(self, dtype: str, numerator: ir.Value, denominator: ir.Value) -> ir.Value:
        """Divide to about six digits."""

    @abstractmethod
    def reciprocal_guess(self, dtype: str, value: ir.Value) -> ir.Value:
        """Return the reciprocal; see `straightline.bits.reciprocal_guess`."""

    @abstractmethod
    def root_guess(self, value: ir.Value) -> ir.Value:
        """Return the reciprocal of the root of a float64; see `straightline.bits.root_guess`."""

    @abstractmethod
    def log2_estimate(self, value: ir.Value) -> ir.Value:
        """Return log2 of a float32 to about six digits; see `straightline.log2_estimate`."""

    @abstractmethod
    def exp2_estimate(self, value: ir.Value) -> ir.Value:
        """Return 2**value for a float32 to about six digits."""
