"""Where a block's shared memory has what: what the threads of each run have in common, then a slice a thread."""

from typing import Any

from llvmlite import ir

from solvers.targets.cuda import warp as cuda_warp
from solvers.targets.lane_builder import BYTES

_SHARED = 3
_NAME = "cubie_shared"
_BYTE = ir.IntType(8)
_LONG = ir.IntType(64)
_WIDEST = max(BYTES.values())


def slice_stride(nbytes: int, alignment: int = _WIDEST) -> int:
    """Return the bytes between the slices of neighbouring threads.

    An odd number of words, or of double words where a slice holds those, puts neighbours into different banks.
    """
    units = -(-nbytes // alignment)
    return alignment * (units | 1) if units else 0


def common_stride(nbytes: int, threads: int) -> int:
    """Return the bytes between what neighbouring runs have: an odd number of rows, of a word a thread."""
    return slice_stride(nbytes, _WIDEST * threads)


def shared_slice(builder: ir.IRBuilder, stride: int, threads: int, common_bytes: int) -> ir.Value:
    """Return the address of the thread's own slice."""
    if not stride:
        return ir.Constant(_BYTE.as_pointer(), None)
    block = builder.zext(cuda_warp.register(builder, "ntid.x"), _LONG)
    runs = builder.udiv(block, ir.Constant(_LONG, threads))
    start = builder.mul(runs, ir.Constant(_LONG, common_stride(common_bytes, threads)))
    thread = builder.zext(cuda_warp.register(builder, "tid.x"), _LONG)
    own = builder.mul(thread, ir.Constant(_LONG, stride))
    return builder.gep(_block(builder), [builder.add(start, own)])


def common_region(builder: ir.IRBuilder, threads: int, common_bytes: int) -> ir.Value:
    """Return the address of what the threads of the run have in common."""
    if not common_bytes:
        return ir.Constant(_BYTE.as_pointer(), None)
    thread = builder.zext(cuda_warp.register(builder, "tid.x"), _LONG)
    run = builder.udiv(thread, ir.Constant(_LONG, threads))
    return builder.gep(_block(builder), [builder.mul(run, ir.Constant(_LONG, common_stride(common_bytes, threads)))])


def _block(builder: ir.IRBuilder) -> Any:
    """Return the address of a block's dynamic shared memory."""
    module = builder.module
    if _NAME not in module.globals:
        memory = ir.GlobalVariable(module, ir.ArrayType(_BYTE, 0), _NAME, addrspace=_SHARED)
        memory.align = 16
        memory.linkage = "external"
    return builder.addrspacecast(module.globals[_NAME], _BYTE.as_pointer(), "generic")
