"""Tables that a module has, and that its code looks numbers up in."""

from dataclasses import dataclass, field

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


#: The name of the block of all tables of a number a lane.
_BLOCK = "cubie_lane_tables"
_BYTE, _SHORT, _LONG = (ir.IntType(bits) for bits in (8, 16, 64))


@dataclass
class KernelTables:
    """The tables of all code that makes up a kernel.

    Those of a number a lane are in one block: each place is a distance from the one that a lane begins with.

    Parameters
    ----------
    constants
        Bytes of those among the constants, by their names.
    offsets
        Where each of a number a lane begins, by its numbers.
    content
        What is in their block.
    """

    constants: dict[str, int] = field(default_factory=dict)
    offsets: dict[bytes, int] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)

    def of_lane(self, builder: ir.IRBuilder, table: Table, lane: ir.Value, space: int) -> ir.Value:
        """Return a lane's number; a place, as an integer of 64 bits."""
        numbers = np.array(table.numbers, "uint16" if table.dtype == INDEX else table.dtype)
        assert table.dtype != INDEX or numbers.tolist() == [*table.numbers]  # noqa: S101 - a run has fewer elements
        kind = _SHORT if table.dtype == INDEX else SCALAR[table.dtype]
        place = builder.mul(lane, ir.Constant(_LONG, numbers.itemsize))
        first = builder.gep(_declared(builder.module, space), [ir.Constant(_LONG, 0), place])
        address = builder.gep(first, [ir.Constant(_LONG, self._offset(numbers))])
        value = builder.load(builder.bitcast(address, kind.as_pointer(space)), align=numbers.itemsize)
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
        return builder.zext(value, _LONG) if kind is _SHORT else value

    def definition(self, space: int) -> str:
        """Return the line of LLVM code that defines the block."""
        text = "".join(f"\\{byte:02x}" for byte in self.content)
        kind = f"addrspace({space}) constant [{len(self.content)} x i8]"
        return f'@{_BLOCK} = {kind} c"{text}", align 8\n' if self.content else ""

    def _offset(self, numbers: np.ndarray) -> int:
        key = numbers.tobytes()
        if key not in self.offsets:
            self.content += bytes(-len(self.content) % numbers.itemsize)
            self.offsets[key] = len(self.content)
            self.content += key
        return self.offsets[key]


def _declared(module: ir.Module, space: int) -> ir.Value:
    if _BLOCK not in module.globals:
        block = ir.GlobalVariable(module, ir.ArrayType(_BYTE, 0), _BLOCK, addrspace=space)
        block.linkage = "external"
        block.global_constant = True
        block.align = 8
    return module.globals[_BLOCK]
