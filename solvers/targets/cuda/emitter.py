"""Scalar code for the cuda target: which instruction or function of the GPU's does what is recorded."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from llvmlite import ir

from solvers.straightline.loops import Table
from solvers.straightline.record import INDEX, Operation, Place
from solvers.straightline.recorded import Argument, Recorded, record
from solvers.straightline.setting import Setting, SettingsBlock
from solvers.straightline.text import operations
from solvers.targets.cuda import double, single
from solvers.targets.cuda import warp as cuda_warp
from solvers.targets.emitter import Emitter
from solvers.targets.lane_builder import SCALAR
from solvers.targets.tables import KernelTables

_INT = ir.IntType(32)
_LONG = ir.IntType(64)
#: Memory that a kernel cannot write.
CONSTANT_SPACE = 4
GLOBAL_SPACE = 1
#: Bytes of a table up to which it is among the constants.
SMALL_TABLE = 1024
#: Bytes of all that are. Settings are there too, and copies where a function is not put in its place.
MOST_IN_TABLES = 8192
#: Loops of a function up to which libNVVM may unroll them: 248 took it 18 s instead of 5, for twice the code.
MOST_UNROLLED = 200
#: Operations that the uses of one mathematical function may take in one straight-line function, each written out. Calls
#: cost more than they spare while the code is not much larger than the cache of instructions: 12 oscillators with 396
#: sines a step took 1.2 times as long with calls in float32, 2.3 times in float64.
MOST_WRITTEN_OUT = 20000


class CudaEmitter(Emitter):
    """Scalar code.

    Mathematical functions are straight-line code themselves, or libdevice's. One that is used so often that its code
    would crowd out the rest stands once, and is called. Settings are operands of instructions, as constants are.

    Parameters
    ----------
    builder, arguments, settings
        As for `Emitter`.
    tables
        Takes the tables of the kernel; None where it has none.
    """

    settings_space = CONSTANT_SPACE

    def __init__(
        self,
        builder: ir.IRBuilder,
        arguments: Sequence[ir.Value],
        settings: SettingsBlock | None = None,
        tables: KernelTables | None = None,
    ) -> None:
        super().__init__(builder, arguments, settings=settings)
        self._tables = KernelTables() if tables is None else tables

    def mark_loop(self, back: ir.Instruction) -> None:
        """Keep a loop from being unrolled where there are many."""
        if not self._unrolls:
            back.set_metadata("llvm.loop", _not_unrolled(self.builder.module))

    def loop_count(self, count: int) -> ir.Value:
        """Return a number that the compiler knows nothing of: it would write loops out."""
        return self.builder.call(ir.InlineAsm(ir.FunctionType(_LONG, []), f"mov.u64 $0, {count};", "=l"), [])

    def table_space(self, name: str, nbytes: int) -> int:
        """Put small tables where all constants are, of which there is little, and others into global memory."""
        constants = self._tables.constants
        if nbytes <= SMALL_TABLE and sum(constants.values()) + nbytes <= MOST_IN_TABLES:
            constants.setdefault(name, nbytes)
        return CONSTANT_SPACE if name in constants else GLOBAL_SPACE

    def _emit_look_up(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        table, place = operation.detail
        by_lane = self.operations[operation.operands[0]].kind == "lane" and not isinstance(table.numbers[0], Setting)
        if not by_lane:
            return super()._emit_look_up(operation, operands)
        return self._of_lane(table, self._place(Place(0, *place), *operands))

    def _of_lane(self, table: Table, lane: ir.Value) -> ir.Value:
        """Look into global memory: of constants a warp reads one after the other where its lanes read several."""
        return self._tables.of_lane(self.builder, table, lane, GLOBAL_SPACE)

    def _emit_lane(self, operation: Operation, _: list[ir.Value]) -> ir.Value:
        return self.builder.zext(cuda_warp.lane_of_run(self.builder, operation.detail), _LONG)

    def _emit_in_lanes(self, operation: Operation, _: list[ir.Value]) -> ir.Value:
        bits = sum(held << lane for lane, held in enumerate(operation.detail))
        own = self.builder.shl(ir.Constant(_INT, 1), cuda_warp.lane_of_run(self.builder, len(operation.detail)))
        return self.builder.icmp_unsigned("!=", self.builder.and_(own, ir.Constant(_INT, bits)), ir.Constant(_INT, 0))

    def _emit_settle(self, _operation: Operation, _operands: list[ir.Value]) -> None:
        cuda_warp.settle(self.builder)

    def _emit_exchange(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        route = operation.detail
        (value,) = operands
        if route.kind == "table":
            own = self.builder.zext(cuda_warp.lane_of_run(self.builder, route.lanes), _LONG)
            source = self.builder.trunc(self._of_lane(Table(INDEX, route.table), own), _INT)
        else:
            source = ir.Constant(_INT, route.number)
        if route.kind == "turn":
            source = self.builder.add(cuda_warp.register(self.builder, "laneid"), source)
        return cuda_warp.exchange(self.builder, value, source, flip=route.kind == "flip", group=route.lanes)

    def emit(self, recorded: Recorded) -> list[ir.Value]:
        """Write all operations; return the values of the results."""
        self._unrolls = sum(each.kind == "loop" for each in recorded.record.operations) <= MOST_UNROLLED
        found = (_function(each) for each in recorded.record.operations)
        self._uses = Counter(function for function in found if function)
        return super().emit(recorded)

    def _written(self, function: Callable[..., Any], dtype: str, operands: list[ir.Value]) -> ir.Value:
        """Write a mathematical function of floats, or a call of it."""
        recorded = _recorded(function, dtype, len(operands))
        if self._uses[function] * operations(recorded) > MOST_WRITTEN_OUT:
            return self.builder.call(self._called(recorded), operands)
        return _body(self.builder, operands, recorded)

    def _called(self, recorded: Recorded) -> ir.Function:
        """Return a mathematical function as one of the module, written at its first use."""
        dtype, module = recorded.results[0].dtype, self.builder.module
        name = f"cubie_{recorded.function.__name__}_{dtype}"
        if name in module.globals:
            return module.globals[name]
        kind = self.type(dtype)
        function = ir.Function(module, ir.FunctionType(kind, [kind] * len(recorded.arguments)), name)
        function.linkage = "linkonce_odr"
        function.attributes.add("noinline")
        builder = ir.IRBuilder(function.append_basic_block())
        builder.ret(_body(builder, function.args, recorded))
        return function

    def function(self, name: str, dtype: str, operands: list[ir.Value]) -> ir.Value:
        """Write a mathematical function, or call that of libdevice."""
        own = _OWN[dtype].get(name)
        if own:
            return self._written(own, dtype, operands)
        symbol = f"__nv_{name}{'f' if dtype == 'float32' else ''}"
        return self.external(symbol, operands[0].type, operands)

    def _emit_div(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        return self._written(_QUOTIENTS[str(operation.dtype)], str(operation.dtype), operands)

    def _emit_sqrt(self, operation: Operation, operands: list[ir.Value]) -> ir.Value:
        if operation.dtype == "float32":
            return self._approximated("sqrt.approx.f32", operands)
        return self._written(double.square_root, "float64", operands)

    def _approximated(self, instruction: str, operands: list[ir.Value]) -> ir.Value:
        """Write an instruction on float32."""
        kind = ir.FunctionType(operands[0].type, [operand.type for operand in operands])
        places = ", ".join(f"${index}" for index in range(len(operands) + 1))
        assembly = ir.InlineAsm(kind, f"{instruction} {places};", "=f" + ",f" * len(operands))
        return self.builder.call(assembly, operands)

    def _emit_abs(self, operation: Any, operands: list[ir.Value]) -> ir.Value:
        return self.function("fabs", operation.dtype, operands)

    def _emit_larger_magnitude(self, operation: Any, operands: list[ir.Value]) -> ir.Value:
        """Choose in float64 before the sign is cleared, and that as an integer: it leaves one operation in float64."""
        if operation.dtype == "float32":
            return super()._emit_larger_magnitude(operation, operands)
        sizes = [self._emit_abs(operation, [operand]) for operand in operands]
        larger = self.builder.select(self.builder.fcmp_ordered(">", *sizes), *operands)
        bits = self.builder.and_(self.builder.bitcast(larger, _LONG), ir.Constant(_LONG, 2**63 - 1))
        return self.builder.bitcast(bits, larger.type)

    def _emit_larger(self, operation: Any, operands: list[ir.Value]) -> ir.Value:
        if operation.dtype == "float32":
            return self.intrinsic("llvm.maxnum", operands)
        return super()._emit_larger(operation, operands)

    def _emit_smaller(self, operation: Any, operands: list[ir.Value]) -> ir.Value:
        if operation.dtype == "float32":
            return self.intrinsic("llvm.minnum", operands)
        return super()._emit_smaller(operation, operands)

    def reciprocal(self, dtype: str, value: ir.Value) -> ir.Value:
        """Take the hardware's approximate reciprocal, in float64 with a correction."""
        if dtype == "float32":
            return self.reciprocal_guess(dtype, value)
        return self._written(double.reciprocal, dtype, [value])

    def quotient_estimate(self, dtype: str, numerator: ir.Value, denominator: ir.Value) -> ir.Value:
        """Multiply with the hardware's approximate reciprocal."""
        return self.builder.fmul(numerator, self.reciprocal_guess(dtype, denominator))

    def reciprocal_guess(self, dtype: str, value: ir.Value) -> ir.Value:
        """Use the hardware's approximation."""
        if dtype == "float64":
            return self.external("llvm.nvvm.rcp.approx.ftz.d", value.type, [value])
        return self._approximated("rcp.approx.ftz.f32", [value])

    def root_guess(self, value: ir.Value) -> ir.Value:
        """Use the hardware's approximation."""
        kind = ir.FunctionType(value.type, [value.type])
        return self.builder.call(ir.InlineAsm(kind, "rsqrt.approx.ftz.f64 $0, $1;", "=d,d"), [value])

    def log2_estimate(self, value: ir.Value) -> ir.Value:
        """Use the hardware's approximation."""
        return self.external("llvm.nvvm.lg2.approx.ftz.f", value.type, [value])

    def exp2_estimate(self, value: ir.Value) -> ir.Value:
        """Use the hardware's approximation."""
        return self.external("llvm.nvvm.ex2.approx.ftz.f", value.type, [value])

    def gather(self, base: ir.Value, dtype: str, index: ir.Value, mask: ir.Value) -> ir.Value:
        """Load from a place that exists in any case."""
        place = self.builder.select(mask, index, ir.Constant(_LONG, 0))
        loaded = self.builder.load(self.builder.gep(base, [place]))
        return self.builder.select(mask, loaded, self.constant(0, dtype))

    def fetch(self, row: ir.Value, dtype: str, column: int, alignment: int) -> ir.Value:
        """Load through the cache that is for what nobody writes."""
        first = self.builder.inttoptr(row, SCALAR[dtype].as_pointer(GLOBAL_SPACE))
        value = self.builder.load(self.builder.gep(first, [ir.Constant(_LONG, column)]), align=alignment)
        value.set_metadata("invariant.load", self.builder.module.add_metadata([]))
        return value

    def scatter(self, base: ir.Value, _dtype: str, index: ir.Value, value: ir.Value, mask: ir.Value) -> None:
        """Store behind a branch."""
        with self.builder.if_then(mask):
            self.builder.store(value, self.builder.gep(base, [index]))


_QUOTIENTS = {"float32": single.quotient, "float64": double.quotient}
_OWN = {"float32": single.FUNCTIONS, "float64": double.FUNCTIONS}


def _function(operation: Operation) -> Callable[..., Any] | None:
    """Return the straight-line function that an operation is written with; None where there is none."""
    if operation.dtype not in _OWN:
        return None
    if operation.kind == "call":
        return _OWN[operation.dtype].get(operation.detail)
    double_only = {"sqrt": double.square_root, "reciprocal": double.reciprocal}
    if operation.kind == "div":
        return _QUOTIENTS[operation.dtype]
    return double_only.get(operation.kind) if operation.dtype == "float64" else None


@cache
def _recorded(function: Callable[..., Any], dtype: str, arguments: int) -> Recorded:
    return record(function, [Argument(False, dtype)] * arguments)  # noqa: FBT003


def _body(builder: ir.IRBuilder, arguments: Sequence[ir.Value], recorded: Recorded) -> ir.Value:
    (value,) = CudaEmitter(builder, arguments).emit(recorded)
    return value


def _not_unrolled(module: ir.Module) -> ir.MDValue:
    """Return what LLVM reads of a loop that is not to be unrolled: its first operand is itself."""
    option = module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")])
    found = ir.MDValue(module, [option], name=str(len(module.metadata)))
    found.operands = found, option
    return found
