"""From what a user chose to components: what is worked out, and what is refused."""

import numpy as np
import pytest
from support.solving import make_problem
from support.systems import lorenz, make_system

from solvers.errors import PlanError
from solvers.planning.assembly import make_loop


def test_fixed_steps_are_rounded_to_a_whole_number():
    assert make_problem(lorenz(), "rk4", 1.0, dt=0.3).fixed_steps == 3
    assert make_problem(lorenz(), "rk4", 1.0, dt=0.1).fixed_steps == 10
    assert make_problem(lorenz(), "rk4", 1.0, dt=50.0).fixed_steps == 1
    assert make_problem(lorenz(), "tsit5", 1.0).fixed_steps is None
    assert make_loop(make_problem(lorenz(), "rk4", 1.0, dt=0.3)).dt == 1.0 / 3


@pytest.mark.parametrize("controller", [None, "i", "pi", "pid"])
def test_methods_without_an_estimate_need_a_step(controller):
    with pytest.raises(PlanError) as caught:
        make_loop(make_problem(lorenz(), "rk4", 1.0, controller=controller))
    assert caught.value.key == "solve.dt"
    assert "dt" in caught.value.hint


def test_fixed_control_needs_a_step():
    with pytest.raises(PlanError, match="fixed step"):
        make_loop(make_problem(lorenz(), "tsit5", 1.0, controller="fixed"))


def test_steps_land_only_where_they_must():
    assert not make_problem(lorenz(), "tsit5", 1.0, every=0.1).lands
    assert not make_problem(lorenz(), "cash_karp54", 1.0).lands
    assert make_problem(lorenz(), "cash_karp54", 1.0, every=0.1).lands


def test_variables_and_times():
    system = make_system({"x": 1.0, "y": 0.0}, {"x": "y", "y": "-x"}, observables={"e": "x*x + y*y", "f": "2*e"})
    problem = make_problem(system, "tsit5", 1.0, every=0.25, observables=(1,))
    assert problem.exchange.variables == ("x", "y", "f")
    np.testing.assert_array_equal(problem.times, [0, 0.25, 0.5, 0.75, 1.0])
    assert not problem.only_end
    ends = make_problem(system, "tsit5", 1.0)
    assert ends.only_end
    np.testing.assert_array_equal(ends.times, [1.0])


def test_swept_names_find_their_rows():
    loop = make_loop(make_problem(lorenz(), "tsit5", 1.0, swept=("beta", "z", "x")))
    assert loop.swept_states == {0: 2, 2: 1}
    assert loop.swept_parameters == {1: 0}


def test_steps_are_within_the_span():
    assert make_loop(make_problem(lorenz(), "tsit5", 2.0, t0=1.0)).dt_max == 1.0
    assert make_loop(make_problem(lorenz(), "tsit5", 2.0, dt0=9.0, dt_max=0.5)).dt == 0.5
