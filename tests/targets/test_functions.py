"""Every function a model may use, on every target, against NumPy in higher precision."""

import pytest
from support.accuracy import EXACT, LARGEST_ERROR, ONE, TWO, errors_in_units, points, reference
from support.solving import make_problem, solve
from support.systems import make_system


def evaluated(precision, target):
    """Return the points, and every function at them, computed by one kernel as observables at t0."""
    observables = {f"f_{name}": f"{name}(a)" for name in ONE}
    observables |= {f"f_{name}": f"{name}(a, b)" for name in TWO}
    system = make_system({"x": 0.0}, {"x": "0*a"}, {"a": 0.0, "b": 0.0}, observables)
    problem = make_problem(system, "euler", 1.0, dt=1.0, at=[0.0], swept=("a", "b"), precision=precision)
    arguments = points(precision, edges=target != "cuda")  # a GPU may take subnormal numbers for zero
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
