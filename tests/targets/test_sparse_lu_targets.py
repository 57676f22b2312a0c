"""Jacobians and factorisations compiled for SIMD lanes give what the interpreter gives, lane by lane."""

import ctypes
from itertools import chain

import numba
import numpy as np
import pytest
from numba import types
from support.cases import CASES, case_system
from support.systems import make_system

from solvers.algebra.complex_numbers import Complex
from solvers.algebra.preconditioners import jacobi, neumann
from solvers.algebra.sparse_lu import SparseLU, iteration_matrix
from solvers.equations.jacobian import Jacobian
from solvers.execution.cpu.entry import _region
from solvers.straightline import literal, select
from solvers.targets.cpu.lanes import Group
from solvers.targets.cpu.target import CpuTarget, LaneArray

GROUP = Group(4, 2)
LANES = GROUP.lanes
SYSTEM = make_system(
    {"a": 0.9, "b": 0.3, "c": 0.1, "d": 2.0},
    {"a": "-r1 + k*b*c", "b": "r1 - k*b*c - 30*b**2*d", "c": "30*b**2*d - sin(t)*c/(1 + c)", "d": "a*max(c, b) - d**k"},
    {"k": 1.7},
    {"r1": "0.4*a*exp(-d)"},
)


def compiled(function, precision):
    """Return straight-line code over buffers of `LANES` runs as a function of arrays of shape (elements, LANES)."""
    lowered = CpuTarget(GROUP).straight_line(function)
    region = _region(LaneArray(precision, GROUP))

    def kernel(inputs, outputs, work):
        lowered(region(inputs), region(outputs), region(work))

    code = numba.cfunc(types.void(*[types.CPointer(types.uint8)] * 3), error_model="numpy")(kernel)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(code.address)

    def run(*buffers):
        call(*(each.ctypes.data for each in buffers))

    run.machine_code = code  # freed with what refers to it
    return run


def buffer(elements, precision):
    """Return an aligned array of shape (elements, LANES) of NaN."""
    memory = np.full(elements * LANES + 64, np.nan, dtype=precision)
    start = -memory.ctypes.data % 64 // memory.itemsize
    return memory[start : start + elements * LANES].reshape(elements, LANES)


def compare(function, inputs, outputs, precision, tolerance, work):
    """Run a function compiled and in the interpreter; return the compiled results."""
    given, found = buffer(len(inputs), precision), buffer(outputs, precision)
    given[:] = inputs
    compiled(function, precision)(given, found, buffer(work, precision))
    for lane in range(LANES):
        expected = np.full(outputs, np.nan, dtype=precision)
        with np.errstate(all="ignore"):
            function(given[:, lane].copy(), expected, np.zeros(work, dtype=precision))
        scale = np.abs(expected[np.isfinite(expected)]).max()
        np.testing.assert_allclose(found[:, lane], expected, rtol=tolerance, atol=tolerance * scale)
    return found


PRECISIONS = pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-13), ("float32", 1e-4)])


@PRECISIONS
def test_jacobians(precision, tolerance):
    jacobian = Jacobian(SYSTEM, precision)
    n, nonzeros = 4, len(jacobian.pattern)

    def everything(inputs, out, y):
        t, p, v = inputs[0], [inputs[1]], [inputs[2 + n + i] for i in range(n)]
        for i in range(n):
            y[i] = inputs[2 + i]
        parts = (
            jacobian.entries(t, y, p),
            jacobian.product(t, y, p, v),
            jacobian.time_derivative(t, y, p),
            jacobi(jacobian.diagonal(t, y, p)),
            neumann(lambda z: [0.01 * value for value in jacobian.product(t, y, p, z)], v, 2),
        )
        for index, value in enumerate(chain(*parts)):
            out[index] = value

    rng = np.random.default_rng(3)
    compare(everything, rng.uniform(0.1, 2.0, (2 + 2 * n, LANES)), nonzeros + 4 * n, precision, tolerance, n)


def solver(plan, entries):
    """Return straight-line code that factors alpha*I - J, solves, and says whether the factors are sound."""
    n, order = plan.n, {entry: k for k, entry in enumerate(entries)}

    def alpha(inputs):
        return Complex(inputs[0], inputs[1]) if plan.is_complex else inputs[0]

    def right(inputs, i):
        first = 2 + len(entries) + i
        return Complex(inputs[first], inputs[first + n]) if plan.is_complex else inputs[first]

    def solve(inputs, out, lu):
        values = {entry: inputs[2 + k] for entry, k in order.items()}
        sound = plan.factor(iteration_matrix(values, n, alpha(inputs)), lu)
        for i, value in enumerate(plan.solve(lu, [right(inputs, i) for i in range(n)])):
            parts = (value.re, value.im) if plan.is_complex else (value,)
            for k, part in enumerate(parts):
                out[1 + i + k * n] = part
        out[0] = select(sound, literal(inputs, 1.0, plan.precision), literal(inputs, 0.0, plan.precision))

    return solve


@pytest.mark.one_in(3)
@PRECISIONS
@pytest.mark.parametrize("is_complex", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("name", ["small", "pleiades"])
def test_factors_and_solutions(name, is_complex, precision, tolerance):
    system = SYSTEM if name == "small" else case_system(CASES["pleiades"])
    entries = Jacobian(system, precision).pattern
    plan = SparseLU(len(system.states), entries, precision, is_complex=is_complex)
    n = plan.n
    rng = np.random.default_rng(8)
    inputs = rng.standard_normal((2 + len(entries) + 2 * n, LANES))
    inputs[:2] = [[n], [1.0]]
    found = compare(solver(plan, entries), inputs, 1 + (1 + is_complex) * n, precision, tolerance, plan.size)
    assert (found[0] == 1.0).all()
    for lane in range(LANES):
        matrix = inputs[0, lane] * np.eye(n) + (1j * inputs[1, lane] * np.eye(n) if is_complex else 0)
        for k, entry in enumerate(entries):
            matrix[entry] -= inputs[2 + k, lane]
        b, x = inputs[2 + len(entries) :, lane], found[1:, lane]
        b, x = (b[:n] + 1j * b[n:], x[:n] + 1j * x[n:]) if is_complex else (b[:n], x)
        np.testing.assert_allclose(matrix @ x, b, atol=n * tolerance)


@PRECISIONS
@pytest.mark.parametrize("is_complex", [False, True], ids=["real", "complex"])
def test_a_lane_that_fails_fails_alone(is_complex, precision, tolerance):
    entries = ((0, 0), (0, 1), (1, 0), (1, 1))
    plan = SparseLU(2, entries, precision, is_complex=is_complex)
    inputs = np.tile(np.array([[4.0, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0]]).T, LANES)
    inputs[2:6, 1] = [4.0, 0.0, 0.0, 0.0]
    inputs[2:6, 2] = [3.0, 1.0, 1.0, 3.0]
    inputs[2, 3] = np.nan
    inputs[5, 4] = np.inf
    found = compare(solver(plan, entries), inputs, 1 + 2 * (1 + is_complex), precision, tolerance, plan.size)
    assert found[0].tolist() == [1, 0, 0, 0, 0, 1, 1, 1]
    np.testing.assert_allclose(found[1:3, [0, 5, 6, 7]], np.tile([[0.8], [0.7]], 4), rtol=tolerance)
