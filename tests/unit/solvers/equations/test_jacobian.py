"""The Jacobian and its relatives against SymPy's derivatives, and against differences where SymPy has none."""

import numpy as np
import pytest
import sympy
from support.cases import CASES, case_system
from support.systems import make_system

from solvers.equations.functions import FUNCTIONS
from solvers.equations.jacobian import Jacobian
from solvers.equations.right_hand_side import RightHandSide
from solvers.equations.system import TIME, observable_symbol, parameter_symbol, state_symbol
from solvers.straightline.recorded import Argument, record

ROBERTSON = make_system(
    {"a": 0.9, "b": 2e-5, "c": 0.1},
    {"a": "-k1*a + k3*b*c", "b": "k1*a - k3*b*c - k2*b**2", "c": "k2*b**2"},
    {"k1": 0.04, "k2": 3e7, "k3": 1e4},
)
RATES = make_system(
    {"a": 0.4, "b": 0.7, "c": 0.2},
    {"a": "-2*r1 + r2 - drive", "b": "r1*scale - a/(1 + b)", "c": "r2/(k + r1) + exp(-r1/total)*c"},
    {"k": 0.3, "unused": 5.0},
    {
        "r1": "18.7*a**4*sqrt(b)",
        "total": "a + b + c",
        "r2": "k*c*a/total",
        "scale": "tanh(r1 + r2*b)",
        "drive": "sin(3*t)*a + k*t**2",
        "saved_only": "a*b*c",
    },
)
SYSTEMS = {"robertson": ROBERTSON, "rates": RATES, "pleiades": case_system(CASES["pleiades"])}


@pytest.fixture(params=SYSTEMS.values(), ids=SYSTEMS)
def system(request):
    return request.param


def point(system, precision="float64"):
    return (
        np.float64(0.7),
        np.array(system.initial_values, dtype=precision),
        np.array(system.parameter_values, dtype=precision),
    )


def substituted(system):
    """Return the right-hand sides without observables."""
    known = {}
    for index, expression in enumerate(system.observable_expressions):
        known[observable_symbol(index)] = expression.xreplace(known)
    return [expression.xreplace(known) for expression in system.derivatives]


def sympy_derivatives(system, at):
    """Return the Jacobian and the time derivative."""
    states = [state_symbol(i) for i in range(len(system.states))]
    parameters = [parameter_symbol(i) for i in range(len(system.parameters))]
    columns = [
        [
            sympy.lambdify([TIME, *states, *parameters], f.diff(symbol), "math")(at[0], *at[1], *at[2])
            for f in substituted(system)
        ]
        for symbol in (*states, TIME)
    ]
    matrix = np.array(columns, dtype=float).T
    return matrix[:, :-1], matrix[:, -1]


def dense(jacobian, entries):
    n = len(jacobian.system.states)
    matrix = np.zeros((n, n))
    for entry, value in zip(jacobian.pattern, entries, strict=True):
        matrix[entry] = value
    return matrix


def test_all_agree_with_sympy(system):
    at = point(system)
    matrix, slope_in_time = sympy_derivatives(system, at)
    jacobian = Jacobian(system, "float64")
    size = np.abs(matrix).max()
    np.testing.assert_allclose(dense(jacobian, jacobian.entries(*at)), matrix, rtol=1e-13, atol=1e-14 * size)
    np.testing.assert_allclose(jacobian.diagonal(*at), np.diag(matrix), rtol=1e-13, atol=1e-14 * size)
    np.testing.assert_allclose(jacobian.time_derivative(*at), slope_in_time, rtol=1e-13)
    for v in np.random.default_rng(2).standard_normal((3, len(system.states))):
        np.testing.assert_allclose(jacobian.product(*at, v), matrix @ v, rtol=1e-11, atol=1e-13 * size)
    assert jacobian.uses_time == slope_in_time.any()


def test_pattern_and_constants_are_known():
    system = make_system(
        {"a": 1, "b": 1, "c": 1}, {"a": "b", "b": "-3*a + floor(b)", "c": "a*c - t + w"}, {}, {"w": "2*b"}
    )
    jacobian = Jacobian(system, "float64")
    assert jacobian.pattern == ((0, 1), (1, 0), (2, 0), (2, 1), (2, 2))
    assert jacobian.constants == {(0, 1): 1.0, (1, 0): -3.0, (2, 1): 2.0}
    assert jacobian.time_derivative(*point(system)) == [0.0, 0.0, -1.0]


def test_terms_that_cancel_leave_no_entry():
    system = make_system({"a": 1.0, "b": 2.0}, {"a": "r - a*b", "b": "-r"}, {}, {"r": "a*b"})
    assert Jacobian(system, "float64").pattern == ((1, 0), (1, 1))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_its_slope(name):
    inner = "2 + 0.1*a" if name == "acosh" else "0.3 + 0.2*a*b"
    _, fewest, _ = FUNCTIONS[name]
    arguments = ", ".join([inner, "b*b", "2*b"][:fewest])
    system = make_system({"a": 0.6, "b": 1.1}, {"a": f"a*{name}({arguments})", "b": f"b/(2 + {name}({arguments}))"})
    t, y, p = point(system)
    jacobian = Jacobian(system, "float64")

    def f(y):
        slopes = np.zeros(2)
        RightHandSide(system, "float64").evaluate(t, y, p, slopes)
        return slopes

    step = 1e-5 * np.eye(2)
    columns = [(8 * (f(y + d) - f(y - d)) - f(y + 2 * d) + f(y - 2 * d)) / 12e-5 for d in step]
    np.testing.assert_allclose(dense(jacobian, jacobian.entries(t, y, p)), np.array(columns).T, atol=1e-9)


@pytest.mark.parametrize(
    ("equation", "slope"),
    [
        ("a**n", 0.0),
        ("a**(n - 1)", 1.0),
        ("a**n/(k**n + a**n)", 0.0),
        ("(n + a)**(a + 1)", 2.0 * np.log(2.0) + 1.0),
        ("a**(1 + a)", 1.0),
        ("abs(a)", 0.0),
        ("min(a, 2*a)", 2.0),
        ("max(a, 2*a)", 2.0),
        ("min(a, 1.0)", 1.0),
        ("max(a, 1.0)", 0.0),
        ("sign(a) + ceil(a)", None),
        ("Piecewise((a**2, a < 0), (3*a, True))", 3.0),
    ],
)
def test_slopes_where_functions_bend_or_vanish(equation, slope):
    system = make_system({"a": 0.0}, {"a": equation}, {"n": 2.0, "k": 0.5})
    with np.errstate(all="ignore"):
        found = Jacobian(system, "float64").entries(*point(system))
    assert found == ([] if slope is None else [pytest.approx(slope)])


def recorded(system, *, twice=False):
    """Return the operations of the right-hand side and the Jacobian in one function."""
    rhs, jacobian = RightHandSide(system, "float64"), Jacobian(system, "float64")
    n = len(system.states)

    def both(t, y, p, out):
        rhs.evaluate(t, y, p, out)
        for _ in range(1 + twice):
            for index, value in enumerate(jacobian.entries(t, y, p)):
                out[n + index] = value

    arrays = [Argument(is_array=True, dtype="float64")] * 3
    log = record(both, [Argument(is_array=False, dtype="float64"), *arrays]).record
    return [operation.kind for operation in log.operations if operation.kind not in {"nothing", "store"}]


def test_what_is_computed_once_is_shared():
    system = make_system(
        {"a": 1.0, "b": 2.0, "c": 3.0},
        {"a": "a*b/(a + b + c)", "b": "exp(a*b) - b/(a + b + c)", "c": "exp(a*b)*exp(c)"},
    )
    kinds = recorded(system)
    assert kinds.count("call") == 2
    # Two quotients of the right-hand side, one reciprocal for all their derivatives.
    assert kinds.count("div") == 3
    assert len(recorded(system, twice=True)) == len(kinds)


def test_code_grows_no_faster_than_a_chain_of_observables():
    def operations(length):
        chain = {"w0": "a*b"} | {f"w{k}": f"w{k - 1}*w{k - 1} + sin(w{k - 1})*b" for k in range(1, length)}
        system = make_system({"a": 0.1, "b": 0.2}, {"a": f"w{length - 1}", "b": "a"}, {}, chain)
        return Jacobian(system, "float64").operations

    short, long = operations(20), operations(40)
    assert long.entries < 2.2 * short.entries
    assert long.product < 2.2 * short.product


def test_deep_expressions_do_not_exhaust_the_stack():
    text = "a"
    for _ in range(90):
        text = f"sin({text} + 0.5)"
    system = make_system({"a": 0.1}, {"a": text})
    (slope,) = Jacobian(system, "float64").entries(*point(system))
    value, expected = 0.1, 1.0
    for _ in range(90):
        expected *= np.cos(value + 0.5)
        value = np.sin(value + 0.5)
    assert slope == pytest.approx(expected)


def test_products_are_no_dearer_than_the_matrix(system):
    operations = Jacobian(system, "float64").operations
    assert operations.product <= operations.entries + len(Jacobian(system, "float64").pattern)
    assert operations.diagonal <= operations.entries


def test_products_avoid_a_dense_matrix():
    n = 12
    total = "+".join(f"{i + 1}*x{i}" for i in range(n))
    system = make_system({f"x{i}": 0.01 * i for i in range(n)}, {f"x{i}": f"tanh({total}) - x{i}" for i in range(n)})
    jacobian = Jacobian(system, "float64")
    assert len(jacobian.pattern) == n * n
    assert jacobian.operations.product < n * n


def test_single_precision_stays_single(system):
    at = point(system, "float32")
    jacobian = Jacobian(system, "float32")
    v = np.ones(len(system.states), dtype="float32")
    for values in (
        jacobian.entries(*at),
        jacobian.product(*at, v),
        jacobian.diagonal(*at),
        jacobian.time_derivative(*at),
    ):
        assert {value.dtype.name for value in values} == {"float32"}
