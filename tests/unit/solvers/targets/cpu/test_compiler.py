"""How device code becomes machine code for the cpu target."""

import re

from numba import types

from solvers.straightline.setting import SettingsBlock
from solvers.targets.cpu.compiler import device_function, machine_code


def test_of_functions_within_functions_the_kernel_alone_remains():
    def leaf(x):
        while x > 1.0:
            x = 0.5 * x - 1.0 / (x + 3.0)
        return x

    halved = device_function(leaf, inline=True)

    def branch(x):
        return halved(x) * halved(x + 1.0) - halved(x + 2.0)

    twice = device_function(branch, inline=True)

    def kernel(pointer):
        pointer[0] = twice(pointer[0])
        pointer[1] = twice(pointer[1])
        pointer[2] = twice(pointer[2])

    code, symbol = machine_code(kernel, types.void(types.CPointer(types.float64)), SettingsBlock())
    names = {name for name in re.findall(rb"[\w.$]{4,}", code) if b"NumbaEnv" not in name}
    assert symbol.encode() in names
    assert not any(b"leaf" in name or b"branch" in name for name in names)
