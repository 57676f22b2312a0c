"""Rounding in float32: from step to step the sum of a step's increments is rounded once."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import lorenz

RHO = np.linspace(0.0, 21.0, 64)


def final(name, precision, dt):
    problem = make_problem(lorenz(), name, 1.0, dt=dt, swept=("rho",), precision=precision)
    return solve(problem, RHO).variables[:, -1].astype(np.float64)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", ["rk4", "tsit5", "dormand_prince54"])
def test_a_thousand_steps_round_little(name):
    exact = final(name, "float64", 1e-3)
    error = final(name, "float32", 1e-3) - exact
    relative = np.sqrt(np.mean((error / np.maximum(np.abs(exact), 1.0)) ** 2))
    assert relative < 4e-6
