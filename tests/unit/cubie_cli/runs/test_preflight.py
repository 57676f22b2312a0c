from dataclasses import replace

import numpy as np
import pytest
from support.solving import make_problem

from cubie_cli.runs.preflight import sampled_runs, undefined_states
from solvers.equations.system import System, parameter_symbol, state_symbol
from solvers.execution import engine

X, Y, A = state_symbol(0), state_symbol(1), parameter_symbol(0)
SYSTEM = System("s", ("x", "y"), (1.0, 0.0), ("a",), (1.0,), derivatives=(A / Y, X * A**20))


def undefined(swept, values, precision="float64", system=SYSTEM):
    plan = engine.plan(make_problem(system, "tsit5", 1.0, swept=swept, precision=precision), "python")
    return undefined_states(plan, plan.exchange, np.array(values))


@pytest.mark.parametrize(
    ("runs", "expected"), [(1, [0]), (2, [0, 1]), (3, [0, 1, 2]), (10**12, [0, 5 * 10**11, 10**12 - 1])]
)
def test_first_middle_and_last_run_are_sampled(runs, expected):
    assert sampled_runs(runs) == expected


def test_a_state_undefined_in_every_sample_is_named():
    assert undefined(["a"], [[1.0, 2.0, 3.0]]) == {"x": np.inf}


def test_a_state_defined_in_one_sample_is_not():
    assert undefined(["y"], [[0.0, 0.0, 1.0]]) == {}


def test_overflow_is_that_of_the_precision():
    values = [[100.0], [1.0]]
    assert undefined(["a", "y"], values) == {}
    assert undefined(["a", "y"], values, "float32") == {"y": np.inf}


def test_values_that_are_expressions_are_those_of_the_run():
    system = replace(SYSTEM, values=((Y, A - 2),))
    assert undefined(("a",), [[1.0, 2.0]], system=system) == {}
    assert "x" in undefined(("a",), [[2.0]], system=system)
