"""Events on every target: a run's own whatever its neighbours do, and wherever buffers lie."""

import numpy as np
import pytest
from support.events import told, with_events
from support.solving import build, make_problem, solve
from support.systems import make_system

from solvers.status import Status

TARGETS = ("cpu", pytest.param("cuda", marks=pytest.mark.gpu))
compiled = pytest.mark.parametrize("target", TARGETS)
#: One of each family, by turns with fixed and adaptive steps and in either precision.
MODES = (
    ("tsit5", {"rtol": 1e-6}),
    ("vern7", {"dt": 0.05, "precision": "float32"}),
    ("rodas5p", {"rtol": 1e-4, "precision": "float32"}),
    ("kvaerno5", {"rtol": 1e-5}),
    ("radau_iia_5", {"dt": 0.05}),
)
SYSTEM = with_events(
    make_system({"x": 1.0, "v": 0.0}, {"x": "v", "v": "-k*x"}, {"k": 1.0, "gap": 0.7}, {"energy": "k*x**2 + v**2"}),
    {"name": "kick", "at": {"start": 0.25, "every": "gap"}, "set": {"v": "v + 0.5", "k": "1.01*k"}},
    {"name": "zero", "when": "x", "record": 3, "states": ["v"], "observables": ["energy"]},
    {"name": "low", "when": "v + 3", "direction": "down", "set": {"v": "-v"}, "record": 2},
    {"name": "full", "when": "energy - 25", "direction": "up", "stop": 1},
)
#: More runs than lanes: some stop, some have times that are none.
RATES = np.geomspace(0.5, 30.0, 37)
GAPS = np.where(np.arange(37) % 6 == 4, 0.0, np.linspace(0.3, 1.5, 37))
SWEPT = ("k", "gap")
T1 = 3.0


def problem(algorithm, settings, place="local"):
    return make_problem(
        SYSTEM, algorithm, T1, swept=SWEPT, every=0.5, atol=1e-6, locations={"default": place}, **settings
    )


def bits(solution, chosen=slice(None)):
    parts = solution.variables, solution.findings, solution.status, solution.steps, solution.rejected
    return [np.ascontiguousarray(part[..., chosen]).tobytes() for part in parts]


@pytest.mark.one_in(3)
@compiled
@pytest.mark.parametrize(("algorithm", "settings"), MODES[::2], ids=[name for name, _ in MODES[::2]])
def test_a_run_does_not_depend_on_its_neighbours(algorithm, settings, target):
    solver = build(problem(algorithm, settings), target)
    try:
        together = solver.solve(np.array([RATES, GAPS]))
        statuses = set(together.status.tolist())
        assert {Status.SUCCESS, Status.STOPPED, Status.NONFINITE} <= statuses
        for run in range(0, 37, 4):
            alone = solver.solve(np.array([RATES[run : run + 1], GAPS[run : run + 1]]))
            assert bits(alone) == bits(together, slice(run, run + 1))
        order = np.argsort(np.sin(np.arange(37.0) * 7))
        shuffled = solver.solve(np.array([RATES[order], GAPS[order]]))
        assert bits(shuffled) == bits(together, order)
    finally:
        solver.close()


@pytest.mark.one_in(2)
@compiled
@pytest.mark.parametrize("place", ["shared", "persistent"])
@pytest.mark.parametrize(("algorithm", "settings"), [MODES[0]], ids=["tsit5"])
def test_buffers_may_lie_anywhere(algorithm, settings, place, target):
    values = [RATES, GAPS]
    here, there = (solve(problem(algorithm, settings, each), values, target) for each in ("local", place))
    assert bits(here) == bits(there)


@compiled
def test_the_interpreter_agrees(target):
    chosen = [0, 9, 18, 27, 36]
    one = problem(*MODES[0])
    values = np.array([RATES[chosen], GAPS[chosen]])
    there, here = solve(one, values, target), solve(one, values, "python")
    assert there.status.tolist() == here.status.tolist()
    # What rounding makes of the choice of steps is within their tolerance.
    np.testing.assert_allclose(there.variables, here.variables, rtol=1e-4, atol=1e-4)
    ours, theirs = told(one, here), told(one, there)
    for name, values in ours.items():
        np.testing.assert_allclose(theirs[name], values, rtol=1e-4, atol=1e-4, err_msg=name)
