"""The kernels that order runs: what they need."""

import pytest

from solvers.execution.cuda import sorting as cuda_order
from solvers.execution.cuda import toolchain as cuda_toolchain
from solvers.execution.cuda.occupancy import occupancy
from solvers.execution.cuda.run_order import ORDER, RESTORE, THREADS


@pytest.mark.parametrize("arch", [(8, 0), (9, 0), (12, 0)])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_multiprocessor_holds_their_blocks(arch, precision):
    entries = {ORDER: cuda_order.make_order(precision), RESTORE: cuda_order.make_restore(precision)}
    for name, entry in entries.items():
        compiled = cuda_toolchain.compile_kernel(*entry, arch, max_registers=255)
        assert compiled.name == name
        assert occupancy(compiled.resources, THREADS, 0, arch).blocks >= 1
