"""Work is counted as it is done, in loops and in branches too."""

import numpy as np
import pytest
from support.forced import ALL, forced
from support.solving import make_problem
from support.systems import lorenz, make_system

from solvers.execution import engine
from solvers.execution.python.engine import PythonSolver
from solvers.straightline.arithmetic import square_root
from solvers.straightline.loops import for_each
from solvers.straightline.recorded import Argument, record
from solvers.targets.counting import CountingTarget, work_of

ARRAY = Argument(True, "float64")  # noqa: FBT003


def test_operations_are_weighed():
    assert work_of(record(lambda x: x[0] * x[1] + 1.0, (ARRAY,))) == 2
    assert work_of(record(lambda x: square_root(x[0]), (ARRAY,))) > 4


def test_what_a_loop_repeats_counts_as_often():
    def scaled(x):
        for_each(x, 100, lambda i: x.__setitem__(i, 2.0 * x[i]), longest=10)

    assert 100 <= work_of(record(scaled, (ARRAY,))) <= 500


def counted(algorithm, max_steps=20, system=None):
    problem = make_problem(system or lorenz(), algorithm, 20.0, rtol=1e-6, max_steps=max_steps)
    target = CountingTarget()
    solution = PythonSolver(engine.plan(problem, "python"), target).solve(np.empty((0, 1)))
    return target.work / (solution.steps[0] + solution.rejected[0])


def test_an_attempt_costs_what_its_stages_do():
    assert counted("tsit5") == pytest.approx(counted("tsit5", max_steps=40), rel=0.05)
    assert 1.2 < counted("vern7") / counted("tsit5") < 2
    assert counted("rodas5p") < counted("kvaerno5") / 2


def test_functions_cost_more_than_sums():
    plain, costly = (
        make_system({"x": 1.0, "y": 0.0}, {"x": text, "y": "x"}) for text in ("-y - x", "-sin(y) - exp(-x)")
    )
    assert counted("tsit5", system=costly) > 2 * counted("tsit5", system=plain)


def test_drivers_are_looked_up():
    assert counted("tsit5", system=forced(ALL)) > counted("tsit5", system=forced(ALL[:1]))
