"""Large systems, whose equations and states are gone through by loops, on every target."""

from itertools import product

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import system_of

from benchmarks.models import brusselator, heat, nerve_cells, network, oscillators
from solvers.planning.assembly import make_loop

#: A model, what is swept, from where to where, and the end.
SYSTEMS = {
    "a row": (heat(150), "D", (0.5, 2.0), 0.02),
    "two states a cell": (brusselator(70), "B", (2.5, 3.5), 0.05),
    "all to all": (oscillators(36), "K", (0.5, 3.0), 0.5),
    "cells coupled to all": (nerve_cells(36), "I", (5.0, 15.0), 0.05),
    "mass action": (network(140, 400), "k0", (1.0, 2.0), 0.01),
}
RUNS = 5
TARGETS = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


METHODS = ["tsit5", "rodas5p"]
#: The interpreter takes its time for Rosenbrock methods of others.
COMPARED = [*product(SYSTEMS, ["tsit5"]), ("a row", "rodas5p"), ("mass action", "rodas5p")]


def problem_of(name, precision, method="tsit5", **settings):
    model, swept, (low, high), t1 = SYSTEMS[name]
    options = {"rtol": 1e-5, "atol": 1e-7, "every": t1 / 2} | settings
    problem = make_problem(system_of(model), method, t1, swept=(swept,), precision=precision, **options)
    return problem, np.linspace(low, high, RUNS)[np.newaxis]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_loops_are_chosen(name, method):
    problem, _ = problem_of(name, "float64", method)
    assert make_loop(problem).step.rhs.looped is not None


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    ("name", "method"), [*product(SYSTEMS, ["tsit5"]), ("a row", "rodas5p"), ("mass action", "rodas5p")]
)
def test_loops_come_to_what_written_out_code_does(name, method, precision, target, monkeypatch):
    problem, values = problem_of(name, precision, method)
    found = solve(problem, values, target)
    monkeypatch.setattr("solvers.equations.right_hand_side.SHARE", 0.0)
    written, _ = problem_of(name, precision, method)
    assert make_loop(written).step.rhs.looped is None
    expected = solve(written, values[:, :2], "python")
    assert (found.status == 0).all()
    scale = np.abs(expected.variables).max()
    tolerance = 1e-9 if precision == "float64" else 1e-4
    np.testing.assert_allclose(found.variables[:, :, :2], expected.variables, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("target", TARGETS)
def test_a_state_may_have_a_tolerance_of_its_own(target):
    tight, values = problem_of("a row", "float64", atol=[1e-12] + [1e-3] * 149)
    loose, _ = problem_of("a row", "float64", atol=[1e-3] * 149 + [1e-12])
    results = [solve(problem, values, target) for problem in (tight, loose)]
    expected = [solve(problem, values[:, :1], "python") for problem in (tight, loose)]
    for result, exact in zip(results, expected, strict=True):
        assert result.steps[0] == exact.steps[0]
