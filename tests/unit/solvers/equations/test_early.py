"""In float32, what depends on time alone is computed in float64, and rounded where it meets states."""

import json

import numpy as np
import pytest
from support.systems import make_system

from solvers.equations.jacobian import Jacobian
from solvers.equations.program import Program, evaluate_at
from solvers.equations.right_hand_side import RightHandSide
from solvers.straightline import Argument, record

#: A Julian day, at which float32 tells quarters of a day apart.
T = np.float64(2436205.6875)
STATES, PARAMETERS = [0.5, -2.0], [3.0, 0.25]
NAMES = {"x": STATES[0], "y": STATES[1]}, dict(zip(("a", "b"), PARAMETERS, strict=True))
OBSERVABLES = {"phase": "2*pi*8*t + b", "age": "t - 2436205", "mixed": "x + age"}

TIMED = [
    "cos(2*pi*8*t + b)",
    "x + t - 2436205.5",
    "a*x*(t - 2436205.5)",
    "-x*y*sin(t/a)",
    "x/a + y/a + sin(t/a)",
    "Piecewise((x, t < 2436205.7), (y, True))",
    "Piecewise((t - 2436205, t < 2436205.5), (exp(2436205 - t), True))",
    "x - (t - 2436205)**2*y",
    "sin(phase) + mixed*age",
    "x**2 + abs(y)*floor(8*t - 8*2436205)",
    "t - 2436205",
]


def system(*equations, observables=OBSERVABLES):
    states, parameters = NAMES
    return make_system(states, dict(zip(states, equations, strict=True)), parameters, observables)


def at(precision):
    return T, np.array(STATES, dtype=precision), np.array(PARAMETERS, dtype=precision)


@pytest.mark.parametrize("equation", TIMED)
def test_values_and_derivatives_are_those_of_double_precision(equation):
    model = system(equation, "-y")

    def values(precision):
        rhs, jacobian = RightHandSide(model, precision), Jacobian(model, precision)
        found = [*rhs.values(*at(precision)), *rhs.observables((0, 1, 2))(*at(precision))]
        found += [*jacobian.entries(*at(precision)), *jacobian.time_derivative(*at(precision))]
        found += [*jacobian.product(*at(precision), at(precision)[1]), *jacobian.diagonal(*at(precision))]
        assert {each.dtype.name for each in found} == {precision}
        return found

    np.testing.assert_allclose(values("float32"), values("float64"), rtol=1e-6, atol=1e-6)


def recorded(model, precision):
    rhs, one = RightHandSide(model, precision), Argument(is_array=False, dtype="float64")
    arrays = [Argument(is_array=True, dtype=precision)] * 3
    return record(rhs.evaluate, [one, *arrays]).record.operations


def test_each_part_is_rounded_once():
    kinds = [(each.kind, each.dtype) for each in recorded(system("x*(t - 5)*a + y", "-y"), "float32")]
    assert kinds.count(("convert", "float32")) == 2  # the part of time, and t itself, which nothing uses
    assert kinds.count(("mul", "float64")) == 1
    assert [kind for kind, dtype in kinds if dtype == "float32" and kind in {"add", "mul", "fma"}] == ["fma"]


@pytest.mark.parametrize("equation", ["a*x*b*y", "x + a - b", "t*x", "min(x, t)"])
def test_programs_without_such_parts_are_the_same_in_both_precisions(equation):
    model = system(equation, "-y")
    single, double = (RightHandSide(model, precision).derivatives for precision in ("float32", "float64"))
    assert single == double
    assert not single.early


@pytest.mark.parametrize("equation", TIMED)
def test_programs_in_double_precision_have_no_such_parts(equation):
    assert not RightHandSide(system(equation, "-y"), "float64").derivatives.early


def test_a_program_with_such_parts_can_be_stored():
    model = system("cos(t) - x", "-y")
    program = RightHandSide(model, "float32").derivatives
    copy = Program.from_json(json.loads(json.dumps(program.as_json())))
    assert copy == program
    assert evaluate_at(copy, model, "float32", *at("float32")) == evaluate_at(program, model, "float32", *at("float32"))
