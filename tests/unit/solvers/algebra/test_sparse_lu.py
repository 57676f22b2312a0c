"""Elimination of sparse matrices: against NumPy, by what it costs, and by what it says of matrices it cannot factor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from support.systems import make_system

from solvers.algebra.complex_numbers import Complex, magnitude, multiply_add, reciprocal
from solvers.algebra.pivot_order import choose_order, work
from solvers.algebra.preconditioners import jacobi, neumann
from solvers.algebra.sparse_lu import SparseLU, iteration_matrix
from solvers.equations.jacobian import Jacobian
from solvers.equations.right_hand_side import RightHandSide
from solvers.straightline.recorded import Argument, record


def pairs(vector):
    return [Complex(value.real, value.imag) for value in vector]


def numbers(values):
    return np.array([value.re + 1j * value.im if isinstance(value, Complex) else value for value in values])


def solved(pattern, matrix, b, precision="float64"):
    """Return whether the factors are sound, and the solution."""
    is_complex = np.iscomplexobj(matrix)
    plan = SparseLU(len(b), pattern, precision, is_complex=is_complex)
    values = {(i, j): matrix[i, j].real if i != j else matrix[i, j] for i, j in plan.pattern}
    if is_complex:
        values |= {(i, i): Complex(matrix[i, i].real, matrix[i, i].imag) for i in range(plan.n)}
    lu = np.full(plan.size, np.nan, dtype=precision)
    with np.errstate(all="ignore"):
        sound = plan.factor(values, lu)
        return sound, numbers(plan.solve(lu, pairs(b) if is_complex else list(b)))


def backward_error(matrix, x, b):
    """Return the normwise relative backward error of a solution."""
    return np.abs(matrix @ x - b).max() / (np.abs(matrix).sum(axis=1).max() * np.abs(x).max() + np.abs(b).max())


@st.composite
def patterns(draw):
    n = draw(st.integers(1, 12))
    places = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))
    return n, draw(st.frozensets(places, max_size=3 * n))


@settings(max_examples=200, deadline=None)
@given(patterns(), st.integers(0, 2**32), st.booleans())
def test_any_pattern_is_solved(shape, seed, is_complex):
    n, pattern = shape
    rng = np.random.default_rng(seed)
    matrix = np.zeros((n, n), dtype=complex if is_complex else float)
    for entry in pattern:
        matrix[entry] = rng.standard_normal()
    matrix += (n + 1.0) * (1 + 0.7j if is_complex else 1) * np.eye(n)
    b = rng.standard_normal(n) * (1 + 0.3j if is_complex else 1)
    sound, x = solved(pattern, matrix, b)
    assert sound
    np.testing.assert_allclose(x, np.linalg.solve(matrix, b), rtol=1e-12, atol=1e-14)


@settings(max_examples=50, deadline=None)
@given(patterns())
def test_the_code_does_what_was_counted(shape):
    n, pattern = shape
    plan = SparseLU(n, pattern, "float64")

    def factor(matrix, lu):
        return plan.factor({entry: matrix[k] for k, entry in enumerate(sorted(plan.pattern))}, lu)

    def solve(lu, b):
        for index, value in enumerate(plan.solve(lu, [b[i] for i in range(n)])):
            b[index] = value

    for function, expected in zip((factor, solve), plan.operations, strict=True):
        operations = record(function, [Argument(is_array=True, dtype="float64")] * 2).record.operations
        # Products of magnitudes belong to the test of the pivots.
        magnitudes = {place for place, operation in enumerate(operations) if operation.kind == "abs"}
        counted = [
            o
            for o in operations
            if o.kind == "reciprocal" or (o.kind in {"fma", "mul"} and not magnitudes & {*o.operands})
        ]
        assert len(counted) == expected
    stored = {
        o.detail
        for o in record(factor, [Argument(is_array=True, dtype="float64")] * 2).record.operations
        if o.kind == "store"
    }
    assert stored == {(1, slot) for slot in range(plan.size)}
    assert plan.size == plan.nonzeros


def test_orders_keep_fill_low():
    n = 30
    arrow = {(0, j) for j in range(n)} | {(i, 0) for i in range(n)}
    band = {(i, j) for i in range(n) for j in range(n) if abs(i - j) <= 1}
    triangle = {(i, j) for i in range(n) for j in range(i)}
    ring = band | {(0, n - 1), (n - 1, 0)}
    for pattern, most in ((arrow, 3 * n - 2), (band, 3 * n - 2), (triangle, n * (n + 1) // 2), (ring, 5 * n)):
        assert SparseLU(n, pattern, "float64").nonzeros <= most
    assert SparseLU(n, triangle, "float64").operations.factor == n


def test_the_best_of_the_orders_is_taken():
    rng = np.random.default_rng(5)
    for _ in range(20):
        pattern = {tuple(map(int, entry)) for entry in rng.integers(0, 15, (40, 2))} | {(i, i) for i in range(15)}
        order = choose_order(15, pattern)
        assert sorted(order) == list(range(15))
        assert work(15, pattern, order).factor <= work(15, pattern, tuple(range(15))).factor


def test_an_entry_that_is_alpha_alone_waits():
    """Pivots on it would grow the rest by h*J: Van der Pol's first equation is y1' = y2."""
    matrix = np.array([[1e-3, -1.0], [1.4e6, 1e-3 + 2e6]])
    b = np.array([1.0, 1e3])
    sound, x = solved({(0, 1), (1, 0), (1, 1)}, matrix, b)
    assert sound
    assert backward_error(matrix, x, b) < 1e-15
    assert choose_order(2, {(0, 1), (1, 0), (1, 1)}) == (1, 0)
    assert choose_order(2, {(0, 1), (1, 0), (0, 0)}) == (0, 1)


FULL = {(i, j) for i in range(3) for j in range(3)}


@pytest.mark.parametrize(
    "matrix",
    [
        [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]],
        [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]],
        [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[1.0, 0.0, 0.0], [0.0, 5e-324, 0.0], [0.0, 0.0, 1.0]],
        [[1.0, 0.0, 0.0], [0.0, np.inf, 0.0], [0.0, 0.0, 1.0]],
        [[1.0, 0.0, 0.0], [0.0, 1.0, np.nan], [0.0, 1.0, 1.0]],
        [[np.nan] * 3] * 3,
        [[1.0, 1e200, 0.0], [1e200, 1.0, 0.0], [0.0, 0.0, 1.0]],
    ],
    ids=["singular", "singular but for rounding", "zero", "subnormal", "infinite", "nan", "all nan", "overflow"],
)
@pytest.mark.parametrize("imaginary", [None, 0.0], ids=["real", "complex"])
def test_a_matrix_that_cannot_be_factored_is_reported(matrix, imaginary):
    matrix = np.array(matrix)
    if imaginary is not None:
        matrix = matrix.astype(complex)
    assert not solved(FULL, matrix, np.ones(3))[0]


@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1.0, 1e8, 1e200])
@pytest.mark.parametrize("shift", [0.0, 2.0j], ids=["real", "complex"])
def test_scale_does_not_matter(scale, shift):
    matrix = np.array([[3.0, 1.0, 0.5], [1.0, 4.0, 1.0], [-1.0, 0.2, 5.0]]) * scale
    if shift:
        matrix = matrix + shift * scale * np.eye(3)
    b = np.array([1.0, 2.0, 3.0]) * scale
    sound, x = solved(FULL, matrix, b)
    assert sound
    np.testing.assert_allclose(x, np.linalg.solve(matrix / scale, b / scale), rtol=1e-14)


ROBERTSON = make_system(
    {"a": 1.0, "b": 0.0, "c": 0.0},
    {"a": "-0.04*a + 1e4*b*c", "b": "0.04*a - 1e4*b*c - 3e7*b**2", "c": "3e7*b**2"},
)
VAN_DER_POL = make_system({"a": 2.0, "b": 0.0}, {"a": "b", "b": "((1 - a**2)*b - a)*1e6"})
HIRES = make_system(
    {"a": 1.0, "b": 0.0, "c": 0.0, "d": 0.0, "e": 0.0, "f": 0.0, "g": 0.0, "h": 0.0057},
    {
        "a": "-1.71*a + 0.43*b + 8.32*c + 0.0007",
        "b": "1.71*a - 8.75*b",
        "c": "-10.03*c + 0.43*d + 0.035*e",
        "d": "8.32*b + 1.71*c - 1.12*d",
        "e": "-1.745*e + 0.43*f + 0.43*g",
        "f": "-280*f*h + 0.69*d + 1.71*e - 0.43*f + 0.69*g",
        "g": "280*f*h - 1.81*g",
        "h": "-280*f*h + 1.81*g",
    },
)


def brusselator(cells):
    """Return two species that diffuse along a line, boundaries fixed."""

    def diffusion(name, i, boundary):
        left, right = (f"{name}{k}" if 0 <= k < cells else boundary for k in (i - 1, i + 1))
        return f"{0.02 * (cells + 1) ** 2}*({left} - 2*{name}{i} + {right})"

    initial, equations = {}, {}
    for i in range(cells):
        initial |= {f"u{i}": 1 + np.sin(2 * np.pi * (i + 1) / (cells + 1)), f"v{i}": 3.0}
        equations[f"u{i}"] = f"1 + u{i}**2*v{i} - 4*u{i} + " + diffusion("u", i, 1)
        equations[f"v{i}"] = f"3*u{i} - u{i}**2*v{i} + " + diffusion("v", i, 3)
    return make_system(initial, equations)


STIFF = {
    "robertson": (ROBERTSON, 1e8),
    "van der Pol": (VAN_DER_POL, 2.0),
    "hires": (HIRES, 321.8122),
    "brusselator": (brusselator(20), 10.0),
}


def along_solution(system, end):
    """Return Jacobians and slopes at points of a solution."""
    n, p = len(system.states), np.array(system.parameter_values)
    jacobian, rhs = Jacobian(system, "float64"), RightHandSide(system, "float64")

    def slopes(t, y):
        out = np.zeros(n)
        rhs.evaluate(np.float64(t), y, p, out)
        return out

    def matrix(t, y):
        out = np.zeros((n, n))
        out[tuple(zip(*jacobian.pattern, strict=True))] = jacobian.entries(np.float64(t), y, p)
        return out

    solution = solve_ivp(slopes, (0.0, end), system.initial_values, "Radau", jac=matrix, rtol=1e-6, atol=1e-12)
    assert solution.success
    chosen = np.linspace(0, solution.t.size - 1, 8).astype(int)
    return jacobian.pattern, [
        (matrix(t, y), slopes(t, y) + 1e-9) for t, y in zip(solution.t[chosen], solution.y.T[chosen], strict=True)
    ]


@pytest.mark.parametrize(("system", "end"), STIFF.values(), ids=STIFF)
def test_fixed_pivots_are_accurate_on_stiff_problems(system, end):
    pattern, points = along_solution(system, end)
    for jacobian, slopes in points:
        for step in 10.0 ** np.arange(-8, 4):
            matrix = np.eye(len(slopes)) / step - jacobian
            sound, x = solved(pattern, matrix, slopes)
            assert sound
            assert backward_error(matrix, x, slopes) < 2 * len(slopes) * np.finfo(np.float64).eps


@pytest.mark.parametrize(
    ("system", "nonzeros", "factor"),
    [(ROBERTSON, 8, 8), (HIRES, 27, 29), (brusselator(20), 194, 270)],
    ids=["robertson", "hires", "brusselator"],
)
def test_figures_of_known_problems(system, nonzeros, factor):
    plan = SparseLU(len(system.states), Jacobian(system, "float64").pattern, "float64")
    assert (plan.nonzeros, plan.operations.factor, plan.operations.solve) == (nonzeros, factor, nonzeros)


def test_iteration_matrix():
    values = {(0, 0): 2.0, (0, 1): 3.0, (1, 0): -1.0}
    assert iteration_matrix(values, 2, 10.0) == {(0, 0): 8.0, (0, 1): -3.0, (1, 0): 1.0, (1, 1): 10.0}
    assert iteration_matrix(values, 2, 10.0, 0.5) == {(0, 0): 9.0, (0, 1): -1.5, (1, 0): 0.5, (1, 1): 10.0}
    shifted = iteration_matrix(values, 2, Complex(10.0, 1.0))
    assert shifted[0, 0] == Complex(8.0, 1.0)
    assert shifted[1, 1] == Complex(10.0, 1.0)


finite = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-6)
operand = st.one_of(finite, st.builds(complex, finite, finite))


def lifted(value):
    """Return a number in the form straight-line code has for it."""
    return Complex(np.float64(value.real), np.float64(value.imag)) if isinstance(value, complex) else np.float64(value)


@given(operand, operand, operand)
def test_complex_arithmetic(a, b, c):
    first, second, third = lifted(a), lifted(b), lifted(c)
    size = abs(a) * abs(b) + abs(c) + abs(a) + abs(b)
    results = [(multiply_add(first, second, third), a * b + c)]
    if isinstance(a, complex):
        results += [(first + second, a + b), (first - second, a - b), (first * second, a * b), (-first, -a)]
    for found, expected in results:
        assert abs(numbers([found])[0] - expected) <= 1e-15 * size
    if a != 0:
        assert abs(numbers([reciprocal(first)])[0] * a - 1) < 1e-14
        assert abs(a) / 1.5 <= magnitude(first) <= abs(a)


def test_jacobi_inverts_the_diagonal_where_it_can():
    assert jacobi([np.float64(4.0), np.float64(-0.5)]) == [0.25, -2.0]
    with np.errstate(all="ignore"):
        assert jacobi([np.float64(x) for x in (0.0, np.nan, np.inf)]) == [1.0, 1.0, 1.0]


def test_neumann_sums_its_terms():
    small = np.array([[0.1, 0.2], [-0.3, 0.05]])
    v = np.array([1.0, -2.0])
    inverse = np.linalg.solve(np.eye(2) - small, v)
    sums = [neumann(lambda z: small @ np.array(z), v, order) for order in range(4)]
    assert sums[0] == list(v)
    np.testing.assert_allclose(sums[2], v + small @ v + small @ small @ v)
    errors = [np.abs(np.array(found) - inverse).max() for found in sums]
    assert errors[3] < 0.1 * errors[1] < 0.01 * errors[0] * 10
