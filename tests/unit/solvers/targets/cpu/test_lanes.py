"""How many runs a core advances together."""

import pytest

from solvers.targets.cpu.lanes import Group, group_for
from solvers.targets.cpu.machine import vector_bytes


@pytest.mark.parametrize("itemsize", [4, 8])
@pytest.mark.parametrize("states", [1, 3, 20, 100])
def test_vectors_fill_registers(itemsize, states):
    group = group_for(itemsize, states)
    assert group.width * itemsize == vector_bytes()
    assert group.lanes == group.width * group.parts


def test_lanes_are_those_of_all_vectors():
    assert Group(8, 3).lanes == 24
