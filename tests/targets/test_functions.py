"""Every function a model may use, on every target, against NumPy in higher precision."""

import numpy as np
import pytest
from support.accuracy import EXACT, LARGEST_ERROR, ONE, TWO, errors_in_units, points, reference
from support.solving import make_problem, solve
from support.systems import make_system

from solvers.targets.cuda import double, single


def evaluated(precision, target):
    """Return the points, and every function at them, computed by one kernel as observables at t0."""
    observables = {f"f_{name}": f"{name}(a)" for name in ONE} | {"quotient": "a/b"}
    observables |= {f"f_{name}": f"{name}(a, b)" for name in TWO}
    system = make_system({"x": 0.0}, {"x": "0*a"}, {"a": 0.0, "b": 0.0}, observables)
    problem = make_problem(system, "euler", 1.0, dt=1.0, at=[0.0], swept=("a", "b"), precision=precision)
    arguments = points(precision, edges=target != "cuda")  # a GPU may take subnormal numbers for zero
    values = solve(problem, arguments, target).variables[1:, 0]
    return target, arguments, dict(zip([*ONE, "quotient", *TWO], values, strict=True))


def answered(target, name, arguments):
    """Return at which points a GPU answers for a function; others do everywhere.

    It has no sines of angles whose neighbours are far apart, and may take subnormal results for zero.
    """
    if target != "cuda":
        return np.ones(arguments.shape[1], dtype=bool)
    x, largest = arguments[0], {"float32": single, "float64": double}[str(arguments.dtype)].LARGEST_ANGLE
    if name in {"sin", "cos", "tan"}:
        return ~(np.abs(x) >= largest)
    # An infinite base has any sign, and so has zero.
    return np.isfinite(x) & ((x != 0.0) | ~np.signbit(x)) if name == "pow" else np.ones(x.shape, dtype=bool)


KINDS = [
    pytest.param(("python", "float64"), id="python-float64"),
    pytest.param(("cpu", "float64"), id="cpu-float64"),
    pytest.param(("cpu", "float32"), id="cpu-float32"),
    pytest.param(("cuda", "float64"), id="cuda-float64", marks=pytest.mark.gpu),
    pytest.param(("cuda", "float32"), id="cuda-float32", marks=pytest.mark.gpu),
]


@pytest.fixture(params=KINDS, scope="module")
def computed(request):
    target, precision = request.param
    return evaluated(precision, target)


@pytest.mark.parametrize("name", [*ONE, "quotient", *TWO])
def test_function_is_accurate(computed, name):
    target, arguments, found = computed
    exact = reference(name, arguments)
    errors = errors_in_units(found[name], exact)
    rounded = name in EXACT and (name, target) != ("sqrt", "cuda")
    limits = np.finfo(arguments.dtype)
    flushed = (found[name] == 0.0) & (np.abs(exact) < 4 * limits.tiny) & (target == "cuda")
    errors = np.where(flushed | ~answered(target, name, arguments), 0.0, errors)
    worst = int(errors.argmax())
    assert errors[worst] <= (0.5 if rounded else LARGEST_ERROR), f"at {arguments[:, worst]}"


@pytest.mark.parametrize("kind", KINDS)
def test_quotients_of_whole_numbers_are_rounded_as_they_are(kind):
    target, precision = kind
    expected = {
        "mod(a, b)": np.mod,
        "floor(a/b)": np.floor_divide,
        "ceil(a/b)": lambda a, b: -np.floor_divide(-a, b),
        "mod(a, 3)": lambda a, _: np.mod(a, 3),
        "mod(a, -49)": lambda a, _: np.mod(a, -49),
        "floor(a/49)": lambda a, _: np.floor_divide(a, 49),
        "ceil(5*a/49)": lambda a, _: -np.floor_divide(-5 * a, 49),
    }
    system = make_system({"x": 0.0}, {"x": "0*a"}, {"a": 0.0, "b": 0.0}, {f"f{i}": f for i, f in enumerate(expected)})
    problem = make_problem(system, "euler", 1.0, dt=1.0, at=[0.0], swept=("a", "b"), precision=precision)
    divisors = [divisor for divisor in range(-60, 61) if divisor]
    whole = np.array(np.meshgrid(range(-200, 200), divisors), dtype=precision).reshape(2, -1)
    for found, exact in zip(solve(problem, whole, target).variables[1:, 0], expected.values(), strict=True):
        np.testing.assert_array_equal(found, exact(*whole))
