"""Tables that a module has, and that its code looks numbers up in."""

import numpy as np
from llvmlite import ir

from solvers.straightline.loops import Table
from solvers.straightline.record import INDEX
from solvers.targets.lane_builder import SCALAR


def _stored_dtype(table: Table) -> str:
    return "int32" if table.dtype == INDEX else table.dtype


def table_bytes(table: Table) -> bytes:
    """Return the numbers of a table as they are stored."""
    return np.array(table.numbers, dtype=_stored_dtype(table)).tobytes()


def table_address(module: ir.Module, name: str, table: Table, numbers: bytes, space: int) -> ir.Value:
    """Return the address of a table, which the module gets where it has none of that name.

    It has the numbers as bytes: they are written fast.

    Parameters
    ----------
    numbers
        What `table_bytes` says.
    space
        The address space that they are in.
    """
    if name not in module.globals:
        array = ir.ArrayType(ir.IntType(8), len(numbers))
        found = ir.GlobalVariable(module, array, name, addrspace=space)
        found.initializer = ir.Constant(array, bytearray(numbers))
        found.global_constant = True
        found.linkage = "internal"
        found.align = 8
    return module.globals[name].bitcast(SCALAR[_stored_dtype(table)].as_pointer(space))
