"""Mathematical functions on vectors: glibc's vector library where it is there, else lane by lane.

Names follow the vector function ABI: `_ZGVeN8v_exp` is exp for 8 doubles in AVX-512 registers. The library's functions
are within 4 units in the last place (glibc manual, libmvec).
"""

from collections.abc import Callable, Sequence
from functools import cache

import llvmlite.binding as llvm
from llvmlite import ir

from solvers.targets.cpu import machine as cpu_machine

_INTEGER = ir.IntType(32)


@cache
def register_widths() -> tuple[tuple[str, int], ...]:
    """Return the ABI letter and the bytes of this machine's vector registers, widest first."""
    features = llvm.get_host_cpu_features()
    known = (("e", 64, "avx512f"), ("d", 32, "avx2"), ("b", 16, "sse2"))
    return tuple((letter, size) for letter, size, feature in known if features.get(feature))


@cache
def vector_function(name: str, dtype: str, arguments: int, lanes: int) -> tuple[str, int] | None:
    """Return the symbol and the width of the widest vector function that divides a number of lanes, or None."""
    library = cpu_machine.vector_library()
    if library is None:
        return None
    suffix, size = ("f", 4) if dtype == "float32" else ("", 8)
    for letter, register in register_widths():
        width = register // size
        symbol = f"_ZGV{letter}N{width}{'v' * arguments}_{name}{suffix}"
        if lanes % width == 0 and hasattr(library, symbol):
            return symbol, width
    return None


def emit_call(
    builder: ir.IRBuilder,
    external: Callable[[str, ir.Type, Sequence[ir.Value]], ir.Value],
    name: str,
    dtype: str,
    operands: list[ir.Value],
) -> ir.Value:
    """Write a call of a mathematical function on vectors of any width."""
    total = operands[0].type.count
    found = vector_function(name, dtype, len(operands), total)
    if found is None:
        symbol, width = name + ("f" if dtype == "float32" else ""), 1
    else:
        symbol, width = found
    parts = []
    for start in range(0, total, width):
        pieces = [_part(builder, operand, start, width) for operand in operands]
        parts.append(external(symbol, pieces[0].type, pieces))
    return _join(builder, parts, operands[0].type) if width == 1 else _concatenate(builder, parts)


def _order(indices: Sequence[int]) -> ir.Constant:
    return ir.Constant(ir.VectorType(_INTEGER, len(indices)), list(indices))


def _part(builder: ir.IRBuilder, vector: ir.Value, start: int, width: int) -> ir.Value:
    if width == 1:
        return builder.extract_element(vector, ir.Constant(_INTEGER, start))
    if width == vector.type.count:
        return vector
    nothing = ir.Constant(vector.type, ir.Undefined)
    return builder.shuffle_vector(vector, nothing, _order(range(start, start + width)))


def _join(builder: ir.IRBuilder, scalars: Sequence[ir.Value], kind: ir.Type) -> ir.Value:
    vector = ir.Constant(kind, ir.Undefined)
    for lane, scalar in enumerate(scalars):
        vector = builder.insert_element(vector, scalar, ir.Constant(_INTEGER, lane))
    return vector


def _concatenate(builder: ir.IRBuilder, parts: list[ir.Value]) -> ir.Value:
    while len(parts) > 1:
        width = parts[0].type.count
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [builder.shuffle_vector(low, high, _order(range(2 * width))) for low, high in pairs]
    return parts[0]
