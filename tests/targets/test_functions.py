"""Every function a model may use, on every target, against NumPy in higher precision."""

import math

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import make_system

from solvers.functions import FUNCTIONS

ONE = [name for name, (_, fewest, _) in FUNCTIONS.items() if fewest == 1]
TWO = [name for name, (_, fewest, _) in FUNCTIONS.items() if fewest == 2]
#: NumPy's names where they differ.
NUMPY = {
    "abs": "absolute",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "min": "minimum",
    "max": "maximum",
    "pow": "power",
}
EXACT = {"abs", "sqrt", "floor", "ceil", "sign", "min", "max"}
#: Units in the last place: glibc's vector library and CUDA's libdevice state 4 at most for most functions.
LARGEST_ERROR = 4
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30, 1e30, -1e30]


def points(precision):
    """Return pairs of arguments, shape (2, points): all pairs of special values, and values of all sizes."""
    rng = np.random.default_rng(7)
    special = np.array(np.meshgrid(SPECIAL, SPECIAL)).reshape(2, -1)
    # The power 0.5 of -inf is inf for NumPy's arrays, as in C, but NaN for its scalars.
    special = special[:, ~((special[0] == -np.inf) & (special[1] == 0.5))]
    near = rng.uniform(-1.5, 1.5, (2, 3000))
    wide = rng.uniform(-100.0, 100.0, (2, 3000))
    sizes = rng.choice([-1.0, 1.0], (2, 2000)) * 10.0 ** rng.uniform(-12, 6, (2, 2000))
    return np.concatenate([special, near, wide, sizes], axis=1).astype(precision)


def reference(name, arguments):
    """Return a function in extended precision where NumPy has it, rounded by the comparison."""
    wide = arguments.astype(np.float64 if arguments.dtype == np.float32 else np.longdouble)
    if name == "erf":
        return np.array([math.erf(x) for x in arguments[0]])
    function = getattr(np, NUMPY.get(name, name))
    with np.errstate(all="ignore"):
        return function(*wide) if name in TWO else function(wide[0])


def errors_in_units(found, exact):
    """Return distances in units in the last place of the exact value; 0 where both are NaN or the same infinity."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(found.dtype)
        unit = np.spacing(np.abs(rounded)).astype(exact.dtype)
        distance = np.abs(found.astype(exact.dtype) - exact) / unit
    same = (np.isnan(found) & np.isnan(rounded)) | (found == rounded)
    return np.where(same, 0.0, np.where(np.isnan(distance), np.inf, distance))


def evaluated(precision, target):
    """Return the points, and every function at them, computed by one kernel as observables at t0."""
    observables = {f"f_{name}": f"{name}(a)" for name in ONE}
    observables |= {f"f_{name}": f"{name}(a, b)" for name in TWO}
    system = make_system({"x": 0.0}, {"x": "0*a"}, {"a": 0.0, "b": 0.0}, observables)
    problem = make_problem(system, "euler", 1.0, dt=1.0, at=[0.0], swept=("a", "b"), precision=precision)
    arguments = points(precision)
    values = solve(problem, arguments, target).variables[1:, 0]
    return arguments, dict(zip([*ONE, *TWO], values, strict=True))


@pytest.fixture(
    params=[
        pytest.param(("python", "float64"), id="python-float64"),
        pytest.param(("cpu", "float64"), id="cpu-float64"),
        pytest.param(("cpu", "float32"), id="cpu-float32"),
        pytest.param(("cuda", "float64"), id="cuda-float64", marks=pytest.mark.gpu),
        pytest.param(("cuda", "float32"), id="cuda-float32", marks=pytest.mark.gpu),
    ],
    scope="module",
)
def computed(request):
    target, precision = request.param
    return evaluated(precision, target)


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_function_is_accurate(computed, name):
    arguments, found = computed
    exact = reference(name, arguments)
    errors = errors_in_units(found[name], exact)
    worst = int(errors.argmax())
    assert errors[worst] <= (0.5 if name in EXACT else LARGEST_ERROR), f"at {arguments[:, worst]}"
