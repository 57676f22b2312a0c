"""Settings in LLVM code: one block of memory by name, which the host fills before a kernel starts."""

from llvmlite import ir

from solvers.straightline.setting import SYMBOL

_BYTE = ir.IntType(8)
_LONG = ir.IntType(64)
#: Bytes that a type of LLVM's takes, by its name.
_BYTES = {"float": 4, "double": 8, "i32": 4, "i64": 8}


def load_setting(builder: ir.IRBuilder, kind: ir.Type, offset: int | ir.Value, space: int) -> ir.Value:
    """Return the number at an offset of the block, in bytes, which may be a value.

    The block is declared in each module that reads it, and defined in one: its size is known when all code is written.
    """
    module = builder.module
    block = module.globals.get(SYMBOL)
    if block is None:
        block = ir.GlobalVariable(module, ir.ArrayType(_BYTE, 0), SYMBOL, addrspace=space)
        block.linkage = "external"
        block.align = 8
    zero = ir.Constant(_LONG, 0)
    if isinstance(offset, int):
        place = block.gep([zero, ir.Constant(_LONG, offset)]).bitcast(kind.as_pointer(space))
    else:
        place = builder.bitcast(builder.gep(block, [zero, offset]), kind.as_pointer(space))
    value = builder.load(place, align=_BYTES[str(kind)])
    # What runs store never changes it; without this each store to a buffer would have it loaded again.
    value.set_metadata("invariant.load", module.add_metadata([]))
    return value


def definition(nbytes: int, space: int) -> str:
    """Return the line of LLVM code that defines the block.

    It is neither constant nor local to a module, so that no compiler takes what it starts with for what it holds.
    """
    kind = f"addrspace({space}) " if space else ""
    return f"@{SYMBOL} = {kind}global [{max(8, nbytes)} x i8] zeroinitializer, align 8\n"
