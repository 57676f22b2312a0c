"""Controllers as formulas, on the python target."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from support.solving import make_problem
from support.systems import lorenz

from solvers.planning.assembly import make_loop
from solvers.settings import ControllerSettings
from solvers.targets.python import PythonTarget

ORDER = 4
LIMITS = {"safety": 0.9, "min_factor": 0.2, "max_factor": 10.0}
GAINS = {
    "i": {"ki": 0.8},
    "pi": {"kp": 0.4, "ki": 0.3},
    "pid": {"kp": 0.4, "ki": 0.3, "kd": 0.1},
    "gustafsson": {},
}
#: Floors of the errors remembered: one lucky step is remembered as this.
LEAST = 1e-4


def controller(kind, method="dormand_prince54", **settings):
    """Return an adaptive controller for an estimate of order 4, and its memory after a reset."""
    problem = make_problem(lorenz(), method, 10.0, **settings)
    chosen = ControllerSettings(kind=kind, **GAINS[kind], **LIMITS)
    made = make_loop(replace(problem, solve=replace(problem.solve, controller=chosen))).controller
    functions = made.build(PythonTarget())
    memory = SimpleNamespace(error_history=np.full(made.history, np.nan))
    functions.reset(True, memory)  # noqa: FBT003
    return SimpleNamespace(functions=functions, memory=memory, made=made)


def judge(controller, error, h=0.01, dt=None, *, active=True, trouble=0):
    """Return acceptance and the next step after an error in the weighted RMS norm."""
    judged = np.float64(error) ** 2, np.int32(trouble)
    functions, step = controller.functions, np.float64(h)
    with np.errstate(invalid="ignore"):
        accept, change = functions.judge(active, *judged, controller.memory)
        change = functions.retreat(active and not accept, *judged, change)
    proposed = functions.follow(accept, step, np.float64(h if dt is None else dt), change, controller.memory)
    return bool(accept), float(proposed)


def test_integral_control():
    made = controller("i")
    exponent = 0.8 / (ORDER + 1)
    for error in (0.01, 0.3, 0.99):
        assert judge(made, error) == (True, pytest.approx(0.01 * 0.9 * error**-exponent, rel=1e-5))


@pytest.mark.parametrize("kind", ["pi", "pid"])
def test_proportional_and_derivative_control(kind):
    made = controller(kind)
    kp, ki, kd = (GAINS[kind].get(name, 0.0) / (ORDER + 1) for name in ("kp", "ki", "kd"))
    errors = [1.0, 1.0, 0.3, 0.05, 0.7, 0.2]  # before the first step there is no past
    for n in range(2, len(errors)):
        last, before, earlier = errors[n], errors[n - 1], errors[n - 2]
        factor = last**-ki * (last / before) ** -kp * (last / before**2 * earlier) ** -kd
        assert judge(made, last) == (True, pytest.approx(0.01 * 0.9 * factor, rel=1e-5))


def test_predictive_control():
    made = controller("gustafsson")
    exponent = made.made.exponent
    _, h = judge(made, 0.2)
    assert h == pytest.approx(0.01 * 0.9 * 0.2**-exponent, rel=1e-5)
    # The error rose faster than the step explains: it is expected to go on so.
    trend = (h / 0.01) * (0.2 / 0.9) ** exponent
    assert trend < 1
    accept, longer = judge(made, 0.9, h=h)
    assert (accept, longer) == (True, pytest.approx(h * 0.9 * 0.9**-exponent * trend, rel=1e-5))
    # A step that is rejected is not remembered, but how much shorter the next one is.
    _, shorter = judge(made, 3.0, h=longer)
    trend = (shorter / h) * (0.9 / 0.8) ** exponent
    assert trend < 1
    assert judge(made, 0.8, h=shorter)[1] == pytest.approx(shorter * 0.9 * 0.8**-exponent * trend, rel=1e-5)


def test_predictive_control_with_limits():
    made = controller("gustafsson", dt_max=0.011)
    exponent = made.made.exponent
    _, h = judge(made, 0.1)
    assert h == 0.011
    trend = (h / 0.01) * (0.1 / 0.9) ** exponent
    assert judge(made, 0.9, h=h)[1] == pytest.approx(h * 0.9 * 0.9**-exponent * trend, rel=1e-5)


def test_rejection_uses_the_present_error_alone_and_is_not_remembered():
    made = controller("pid")
    judge(made, 0.5)
    before = made.memory.error_history.copy()
    accept, proposed = judge(made, 3.0)
    assert not accept
    assert proposed == pytest.approx(0.01 * 0.9 * 3.0 ** -(0.8 / 5), rel=1e-5)
    np.testing.assert_array_equal(made.memory.error_history, before)


def test_one_lucky_step_does_not_throttle_the_next():
    made = controller("pi")
    judge(made, 1e-12)
    _, proposed = judge(made, 0.5)
    lucky = controller("pi")
    judge(lucky, LEAST)
    assert proposed == judge(lucky, 0.5)[1]


@pytest.mark.parametrize("kind", ["i", "pi", "pid", "gustafsson"])
def test_limits(kind):
    made = controller(kind)
    assert judge(made, 1e-14) == (True, pytest.approx(0.1))
    assert judge(made, 0.0) == (True, pytest.approx(0.1))
    assert judge(made, 1e9) == (False, pytest.approx(0.002))


@pytest.mark.parametrize("kind", ["i", "pi", "pid", "gustafsson"])
@pytest.mark.parametrize("error", [np.nan, np.inf])
def test_an_error_that_is_no_number_shrinks_the_step_most(kind, error):
    assert judge(controller(kind), error) == (False, pytest.approx(0.002))


@pytest.mark.parametrize("kind", ["i", "pi", "pid", "gustafsson"])
def test_a_rejected_step_never_grows(kind):
    made = controller(kind)
    for error in np.geomspace(1.0001, 100, 25):
        accept, proposed = judge(made, error)
        assert not accept
        assert proposed <= 0.01
    # Even right at the bound, after errors so small that the formula would grow the step.
    judge(made, LEAST)
    assert judge(made, 1.0 + 1e-9)[1] <= 0.01


def test_a_rejected_step_does_not_grow_without_a_margin_of_safety():
    # Rounded, the error is the tolerance.
    made = controller("i")
    sure = SimpleNamespace(functions=replace(made.made, safety=1.0, exponent=-0.2).build(PythonTarget()), memory=())
    accept, proposed = judge(sure, 2.0)
    assert not accept
    assert proposed == 0.01


@pytest.mark.parametrize("kind", ["pi", "gustafsson"])
def test_a_step_that_counts_shrinks_no_more_than_the_limit(kind):
    made = controller(kind)
    limited = replace(made.made, min_factor=0.85)
    memory = SimpleNamespace(error_history=np.full(limited.history, np.nan))
    functions = limited.build(PythonTarget())
    functions.reset(True, memory)  # noqa: FBT003
    bounded = SimpleNamespace(functions=functions, memory=memory)
    _, h = judge(bounded, 1e-3)
    assert judge(bounded, 1.0, h=h) == (True, pytest.approx(0.85 * h))
    _, h = judge(made, 1e-3)
    assert judge(made, 1.0, h=h)[1] < 0.84 * h


def test_a_step_without_an_error_shrinks_most():
    assert judge(controller("pi"), 0.1, trouble=3) == (False, pytest.approx(0.002))


def test_landing_does_not_spoil_the_longer_step():
    made = controller("i", "cash_karp54", every=1.0)
    assert judge(made, 1e-9, h=1e-5, dt=0.5) == (True, 0.5)
    # A step cut short that fails does say something.
    assert judge(made, 30.0, h=1e-5, dt=0.5)[1] < 1e-5
    # And one that could be much longer may grow beyond.
    assert judge(made, 1e-12, h=0.4, dt=0.5)[1] == pytest.approx(4.0)


def test_the_history_is_that_of_steps_that_count():
    made = controller("pid")
    before = made.memory.error_history.copy()
    assert not judge(made, 0.01, active=False)[0]
    np.testing.assert_array_equal(made.memory.error_history, before)


def test_shortest_and_longest_step():
    made = controller("i", dt_min=0.005, dt_max=0.02)
    assert judge(made, 1e9)[1] == 0.005
    assert judge(made, 1e-12)[1] == 0.02
    # Without a longest step none is cut but by the end of the span, which is the clock's concern.
    assert judge(controller("i"), 1e-12, h=5.0)[1] == pytest.approx(50.0)
