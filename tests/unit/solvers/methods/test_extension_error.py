"""The check of continuous extensions: what it sees, and what it leaves alone."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import lorenz, make_system

from solvers.planning.plan import make_plan
from solvers.settings import LinearSettings

#: A slow solution to which everything else returns at once: the ends of steps are right however long they are.
FORCED = make_system({"y": 1.0}, {"y": "-L*(y - cos(t)) - sin(t)"}, {"L": 1e6})
METHODS = ("rodas4", "rodas5p", "kvaerno3", "kvaerno5", "kencarp4", "radau_iia_5", "radau_iia_9")


@pytest.mark.parametrize("kind", ["lu", "bicgstab"])
@pytest.mark.parametrize("method", METHODS)
def test_values_between_steps_keep_the_tolerance_where_ends_need_no_steps(method, kind):
    problem = make_problem(FORCED, method, 10.0, every=0.5, rtol=1e-6, linear=LinearSettings(kind=kind))
    solution = solve(problem, target="python")
    assert solution.status.tolist() == [0]
    exact = np.cos(problem.times)
    assert np.abs(solution.variables[0, :, 0] - exact).max() < 3e-5


@pytest.mark.one_in(3)
@pytest.mark.parametrize("method", METHODS)
def test_steps_are_those_without_saves_where_the_extension_is_good(method):
    plain, saving = (solve(make_problem(lorenz(), method, 1.0, every=every), target="python") for every in (None, 0.1))
    attempts = [int(each.steps[0] + each.rejected[0]) for each in (plain, saving)]
    assert attempts[1] <= 1.2 * attempts[0] + 2


def test_it_costs_nothing_where_nothing_is_saved_between_steps():

    names = [make_plan(make_problem(FORCED, "rodas4", 1.0, every=every), "cpu").registry.names for every in (None, 0.1)]
    assert set(names[1]) - set(names[0]) == {"step.extension_error", "output.interpolated_state"}
