"""Mathematical functions on vectors, as processors of every width would call them."""

import numpy as np
import pytest
from support.accuracy import EXACT, LARGEST_ERROR, ONE, TWO, errors_in_units, points, reference
from support.compiled import compiled

from solvers.straightline import call
from solvers.targets.cpu import machine as cpu_machine
from solvers.targets.cpu import math as cpu_math

#: The vector function ABI's letters and the bytes of a register; none: lane by lane.
REGISTERS = {"AVX-512": ("e", 64), "AVX2": ("d", 32), "SSE": ("b", 16), "none": None}
FUNCTIONS = [name for name in (*ONE, *TWO) if name not in EXACT]


@pytest.fixture(params=REGISTERS)
def register_bytes(request, monkeypatch):
    """Offer the functions of one width of registers alone."""
    widths = REGISTERS[request.param]
    if widths and widths not in cpu_math.register_widths():
        pytest.skip("this processor has no such registers")
    monkeypatch.setattr(cpu_math, "register_widths", lambda: (widths,) if widths else ())
    cpu_math.vector_function.cache_clear()
    yield widths[1] if widths else 16
    cpu_math.vector_function.cache_clear()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_width_is_accurate(register_bytes, dtype):
    arguments = points(dtype, edges=True)
    lanes = register_bytes // arguments.itemsize
    arguments = arguments[:, : arguments.shape[1] // lanes * lanes]
    exact = {name: reference(name, arguments) for name in FUNCTIONS}

    def functions(a, b):
        return tuple(call(name, a, b) if name in TWO else call(name, a) for name in FUNCTIONS)

    run = compiled(functions, [dtype, dtype], lanes)
    found = [run(*arguments[:, start : start + lanes]) for start in range(0, arguments.shape[1], lanes)]
    for position, name in enumerate(FUNCTIONS):
        errors = errors_in_units(np.concatenate([part[position] for part in found]), exact[name])
        worst = int(errors.argmax())
        assert errors[worst] <= LARGEST_ERROR, f"{name} at {arguments[:, worst]}"


def test_narrower_functions_serve_where_wider_do_not_fit():
    widths = [size // 8 for _, size in cpu_math.register_widths()]
    if cpu_machine.vector_library() is None:
        pytest.skip("no vector library here")
    for width in widths:
        assert cpu_math.vector_function("exp", "float64", 1, width)[1] == width
    assert cpu_math.vector_function("exp", "float64", 1, 1) is None
