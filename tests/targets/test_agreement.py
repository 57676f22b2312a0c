"""The targets agree on what is chosen beside a method: `python` is the definition, the others compile it."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import lorenz, make_system

RHO = [0.5, 13.9, 21.0, 28.0]

compiled = pytest.mark.parametrize("target", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])


@compiled
@pytest.mark.parametrize("kind", ["i", "pi", "pid"])
def test_controllers_agree(kind, target):
    problem = make_problem(lorenz(), "tsit5", 1.0, rtol=1e-7, swept=("rho",), controller=kind, dt0=0.1)
    defined = solve(problem, RHO, target="python")
    found = solve(problem, RHO, target=target)
    np.testing.assert_array_equal(found.steps, defined.steps)
    np.testing.assert_array_equal(found.rejected, defined.rejected)
    assert (found.rejected > 0).all()
    np.testing.assert_allclose(found.variables, defined.variables, rtol=1e-9)


@compiled
def test_observables_chain_and_see_time(target):
    system = make_system(
        {"x": 1.0, "y": 0.0},
        {"x": "w", "y": "-x*forcing"},
        {"k": 1.0},
        {"forcing": "k*(1 + sin(t)/2)", "w": "y*forcing", "unused": "exp(x) + t"},
    )
    problem = make_problem(system, "dop853", 2.0, rtol=1e-10, swept=("k",), every=0.5)
    solution = solve(problem, [0.5, 2.0], target=target)
    times, k = problem.times[:, None], np.array([0.5, 2.0])
    x, y, forcing, w, unused = solution.variables
    np.testing.assert_allclose(forcing, k * (1 + np.sin(times) / 2), rtol=1e-14)
    np.testing.assert_allclose(w, y * forcing, rtol=1e-14)
    np.testing.assert_allclose(unused, np.exp(x) + times, rtol=1e-14)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("target", ["python", "cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("method", ["tsit5", "rodas5p", "kvaerno5", "radau_iia_5"])
def test_time_is_told_apart_in_single_precision_as_well(method, target):
    system = make_system(
        {"x": 0.0, "y": 1.0},
        {"x": "cos(wave) - x/2", "y": "y*(t - 2436205)"},
        {"phase": 0.0},
        {"wave": "2*pi*8*t + phase"},
    )
    start = 2436205.0
    problem = make_problem(
        system, method, start + 0.5, t0=start, precision="float32", rtol=1e-5, atol=1e-6, swept=("phase",), every=0.0625
    )
    phases = np.array([0.0, 1.0])
    found = solve(problem, phases, target=target)
    assert (found.status == 0).all()
    times, rate = problem.times[:, None] - start, 1 / (0.5 + 16j * np.pi)
    exact = (rate * np.exp(1j * phases) * (np.exp(16j * np.pi * times) - np.exp(-times / 2))).real
    np.testing.assert_allclose(found.variables[0], exact, atol=2e-5)
    np.testing.assert_allclose(found.variables[1], np.exp(times**2 / 2) + 0 * phases, rtol=2e-5)
