"""Switches on the compiled targets: the interpreter's steps, in lanes that meet different edges."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.waves import SWEPT, square_wave, square_wave_solution

T1 = 4.0
TIMES = np.linspace(0.25, T1, 16)
RUNS = np.array([np.linspace(0.6, 1.9, 11), np.geomspace(0.001, 0.5, 11), np.linspace(-0.3, 0.4, 11)])
COMPILED = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def problem(algorithm, **settings):
    return make_problem(square_wave(), algorithm, T1, swept=SWEPT, at=TIMES, **settings)


def exact():
    return np.array([square_wave_solution(TIMES, *run) for run in RUNS.T]).T


@pytest.mark.one_in(5)
@pytest.mark.parametrize("target", COMPILED)
@pytest.mark.parametrize("algorithm", ["tsit5", "cash_karp54", "rodas5p", "kvaerno5", "radau_iia_5"])
def test_pulses_are_met(algorithm, target):
    made = problem(algorithm, rtol=1e-6, atol=1e-6)
    found = solve(made, RUNS, target)
    assert not found.status.any()
    assert np.abs(found.variables[0] - exact()).max() <= 1e-5
    interpreted = solve(made, RUNS, "python")
    np.testing.assert_allclose(found.variables, interpreted.variables, rtol=1e-6, atol=1e-6)
    assert np.abs(found.steps - interpreted.steps).max() <= 2


@pytest.mark.parametrize("target", COMPILED)
@pytest.mark.parametrize("algorithm", ["tsit5", "rodas5p"])
def test_pulses_are_met_in_single_precision(algorithm, target):
    found = solve(problem(algorithm, rtol=1e-4, atol=1e-4, precision="float32"), RUNS, target)
    assert not found.status.any()
    assert np.abs(found.variables[0] - exact()).max() <= 1e-3


@pytest.mark.parametrize("target", COMPILED)
@pytest.mark.parametrize("algorithm", ["rk4", "rodas4"])
def test_fixed_steps_are_cut_at_the_edges(algorithm, target):
    made = problem(algorithm, dt=0.25)
    found, interpreted = solve(made, RUNS, target), solve(made, RUNS, "python")
    assert found.steps.tolist() == interpreted.steps.tolist()
    assert (found.steps > T1 / 0.25).all()
    assert np.abs(found.variables[0] - exact()).max() <= 1e-3
    np.testing.assert_allclose(found.variables, interpreted.variables, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("target", COMPILED)
def test_observables_are_those_of_their_time(target):
    found = solve(problem("tsit5", rtol=1e-6, atol=1e-6), RUNS, target)
    period, _, start = RUNS
    phase = TIMES[:, None] - start - period * np.floor((TIMES[:, None] - start) / period)
    np.testing.assert_allclose(found.variables[1], phase, atol=1e-12)
