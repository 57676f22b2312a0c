"""Tables that code looks numbers up in."""

import numpy as np
import pytest
from llvmlite import ir

from solvers.straightline.loops import Table
from solvers.straightline.record import INDEX
from solvers.targets.tables import table_address, table_bytes


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
