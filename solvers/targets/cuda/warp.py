"""Warps: votes among their lanes, what lanes hand each other, and queues, with one atomic for all that want a run."""

from typing import Any

from llvmlite import ir

from solvers.targets.lane_builder import LaneBuilder

_BIT = ir.IntType(1)
_INT = ir.IntType(32)
_LONG = ir.IntType(64)
_ALL_LANES = ir.Constant(_INT, -1)
_VOTE_ANY = 1
_VOTE_BALLOT = 3
_SHUFFLE_INDEX = 0
_SHUFFLE_FLIP = 3
_WARP = 32
_SPECIAL_REGISTERS = "llvm.nvvm.read.ptx.sreg"


def register(builder: ir.IRBuilder, name: str) -> ir.Value:
    """Return a special register, such as "tid.x"."""
    return _call(builder, f"{_SPECIAL_REGISTERS}.{name}", _INT)


def own_place(builder: ir.IRBuilder) -> tuple[ir.Value, ir.Value]:
    """Return the thread's place in the grid, and the grid's threads."""
    block, threads, thread, blocks = (
        builder.zext(register(builder, name), _LONG) for name in ("ctaid.x", "ntid.x", "tid.x", "nctaid.x")
    )
    return builder.add(builder.mul(block, threads), thread), builder.mul(threads, blocks)


def lane_of_run(builder: ir.IRBuilder, threads: int) -> ir.Value:
    """Return the thread's number among those that share its run, int32."""
    return builder.and_(register(builder, "laneid"), ir.Constant(_INT, threads - 1))


def take_by_stride(builder: ir.IRBuilder, run: ir.Value, wanted: ir.Value, threads: int = 1) -> ir.Value:
    """Take the thread's own run first, or that of the threads that share one, then every one a grid further."""
    first, grid = own_place(builder)
    if threads > 1:
        first, grid = (builder.udiv(each, ir.Constant(_LONG, threads)) for each in (first, grid))
    fresh = builder.icmp_signed("<", run, ir.Constant(_LONG, 0))
    return builder.select(wanted, builder.select(fresh, first, builder.add(run, grid)), run)


def take_from_queue(builder: ir.IRBuilder, queue: ir.Value, run: ir.Value, wanted: ir.Value) -> ir.Value:
    """Take the thread's own run first, then what the queue, a count of the runs taken after those, says.

    All lanes of the warp must come here together. The lowest lane that wants a run counts for all of them.
    """
    first, grid = own_place(builder)
    fresh = builder.icmp_signed("<", run, ir.Constant(_LONG, 0))
    again = builder.and_(wanted, builder.not_(fresh))
    takers = ballot(builder, again)
    leader = _call(builder, "llvm.cttz.i32", _INT, takers, ir.Constant(_BIT, 1))
    leads = builder.icmp_unsigned("==", register(builder, "laneid"), leader)
    before = builder.block
    with builder.if_then(builder.and_(again, leads)):
        taken = builder.zext(_population(builder, takers), _LONG)
        counted = builder.atomic_rmw("add", queue, taken, "monotonic")
        inside = builder.block
    start = builder.phi(_LONG)
    start.add_incoming(ir.Constant(_LONG, 0), before)
    start.add_incoming(counted, inside)
    rank = _population(builder, builder.and_(takers, register(builder, "lanemask.lt")))
    following = builder.add(exchange(builder, start, leader), builder.add(grid, builder.zext(rank, _LONG)))
    return builder.select(again, following, builder.select(wanted, first, run))


def any_in_warp(builder: ir.IRBuilder, mask: ir.Value) -> ir.Value:
    """Return whether a mask holds in any lane of the warp."""
    return builder.extract_value(_vote(builder, _VOTE_ANY, mask), 1)


def any_present(builder: ir.IRBuilder, mask: ir.Value) -> ir.Value:
    """Return whether a mask holds in any of the warp's lanes that come here together, for none of which it matters."""
    kind = ir.FunctionType(_INT, [])
    present = builder.call(ir.InlineAsm(kind, "activemask.b32 $0;", "=r", side_effect=True), [])
    return builder.extract_value(_vote(builder, _VOTE_ANY, mask, present), 1)


def proceed(
    builder: ir.IRBuilder, active: ir.Value, waiting: ir.Value, idle: ir.Value, *, patience: int, spell: int
) -> tuple[ir.Value, ir.Value]:
    """Return whether a warp goes on, and the steps that its lanes have missed, counted in advance.

    To store and to replace runs takes the whole warp as long as a step or two. To let lanes wait until they have missed
    as much costs at most twice what knowing all runs' lengths beforehand would.
    """
    waiters = builder.zext(_population(builder, ballot(builder, waiting)), _LONG)
    missed = builder.add(idle, builder.mul(waiters, ir.Constant(_LONG, spell)))
    few = builder.icmp_signed("<", missed, ir.Constant(_LONG, patience))
    return builder.and_(any_in_warp(builder, active), few), missed


def ballot(builder: ir.IRBuilder, mask: ir.Value) -> ir.Value:
    """Return a bit for each lane of the warp in which a mask holds."""
    return builder.extract_value(_vote(builder, _VOTE_BALLOT, mask), 0)


def _vote(builder: ir.IRBuilder, mode: int, mask: ir.Value, members: ir.Value = _ALL_LANES) -> ir.Value:
    result = ir.LiteralStructType((_INT, _BIT))
    return _call(builder, "llvm.nvvm.vote.sync", result, members, ir.Constant(_INT, mode), mask)


def settle(builder: ir.IRBuilder) -> None:
    """Let all lanes of the warp come here, and see what the others have stored."""
    _call(builder, "llvm.nvvm.bar.warp.sync", ir.VoidType(), _ALL_LANES)


def exchange(builder: ir.IRBuilder, value: ir.Value, lane: ir.Value, *, flip: bool = False, group: int = _WARP) -> Any:
    """Return a value of 32 or 64 bits of another lane; the hardware hands over 32 bits at a time.

    All lanes of the warp must come here together.

    Parameters
    ----------
    lane
        Which one, int32: of the warp or, modulo that, of a group of so many lanes that begins at a multiple of that.
    flip
        Whether it is the exclusive or of the own lane's number with `lane` instead.
    group
        A power of two.
    """
    kind = value.type
    if kind == ir.DoubleType():
        value = builder.bitcast(value, _LONG)
    if value.type != _LONG:
        whole = builder.bitcast(value, _INT)
        return builder.bitcast(_shuffle(builder, whole, lane, flip=flip, group=group), kind)
    low = builder.trunc(value, _INT)
    high = builder.trunc(builder.lshr(value, ir.Constant(_LONG, 32)), _INT)
    low, high = (builder.zext(_shuffle(builder, half, lane, flip=flip, group=group), _LONG) for half in (low, high))
    return builder.bitcast(builder.or_(builder.shl(high, ir.Constant(_LONG, 32)), low), kind)


def _shuffle(builder: ir.IRBuilder, value: ir.Value, lane: ir.Value, *, flip: bool, group: int) -> ir.Value:
    result = ir.LiteralStructType((_INT, _BIT))
    mode = ir.Constant(_INT, _SHUFFLE_FLIP if flip else _SHUFFLE_INDEX)
    clamp = ir.Constant(_INT, (_WARP - group) << 8 | (_WARP - 1))
    shuffled = _call(builder, "llvm.nvvm.shfl.sync.i32", result, _ALL_LANES, mode, value, lane, clamp)
    return builder.extract_value(shuffled, 0)


def _population(builder: ir.IRBuilder, bits: ir.Value) -> ir.Value:
    return _call(builder, "llvm.ctpop.i32", _INT, bits)


def _call(builder: ir.IRBuilder, name: str, result: ir.Type, *operands: ir.Value) -> ir.Value:
    return LaneBuilder(builder).external(name, result, operands)
