"""Tables that code looks numbers up in."""

import numpy as np
import pytest
from llvmlite import ir

from solvers.straightline.loops import Table
from solvers.straightline.record import INDEX
from solvers.targets.tables import KernelTables, table_address, table_bytes


@pytest.mark.parametrize(("dtype", "stored"), [("float64", "float64"), ("float32", "float32"), (INDEX, "int32")])
def test_a_module_has_a_table_once_as_bytes(dtype, stored):
    module, table = ir.Module(), Table(dtype, (3, 1, 2))
    numbers = table_bytes(table)
    assert np.frombuffer(numbers, dtype=stored).tolist() == [3, 1, 2]
    addresses = [table_address(module, "a", table, numbers, 4) for _ in range(2)]
    assert [each.name for each in module.global_values] == ["a"]
    assert str(addresses[0]) == str(addresses[1])
    assert bytes(module.globals["a"].initializer.constant) == numbers
    assert module.globals["a"].addrspace == 4


def test_tables_of_a_number_a_lane_are_in_one_block_once():
    module, tables = ir.Module(), KernelTables()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [ir.IntType(64)]), "f")
    builder = ir.IRBuilder(function.append_basic_block())
    for dtype, numbers in (
        (INDEX, (3, 1, 2)),
        ("float64", (0.5, 1.0, 2.0)),
        (INDEX, (3, 1, 2)),
        ("float32", (7.0,) * 3),
    ):
        tables.of_lane(builder, Table(dtype, numbers), function.args[0], 1)
    assert [*tables.offsets.values()] == [0, 8, 32]
    assert np.frombuffer(bytes(tables.content[:6]), "uint16").tolist() == [3, 1, 2]
    assert np.frombuffer(bytes(tables.content[8:32]), "float64").tolist() == [0.5, 1.0, 2.0]
    assert tables.definition(1).startswith('@cubie_lane_tables = addrspace(1) constant [44 x i8] c"\\03\\00')
    assert [each.name for each in module.global_values] == ["f", "cubie_lane_tables"]
    assert KernelTables().definition(1) == ""
