"""A run's result does not depend on its neighbours, on its place, or on how many run together: bit for bit."""

import numpy as np
import pytest
from support.properties import columns
from support.solving import build, make_problem
from support.systems import make_system

from solvers.execution.cpu import engine as cpu_engine
from solvers.targets.cpu.lanes import Group

#: Runs differ in length a hundredfold, so lanes are refilled while others go on; k = 2 meets its pole, NaN fails at t0.
SYSTEM = make_system(
    {"x": 1.0, "y": 0.0},
    {"x": "k*y + pole*x**2", "y": "-k*x + 0.1*sin(3*t)"},
    {"k": 1.0, "pole": 0.0},
)
GOOD = np.array([np.geomspace(0.1, 40.0, 37), np.zeros(37)])
POLE, NOTHING = [0.0, 2.0], [np.nan, 0.0]

SETTINGS = {
    "adaptive": {"algorithm": "tsit5", "rtol": 1e-6, "every": 0.3},
    "history": {"algorithm": "dormand_prince54", "rtol": 1e-6, "controller": "pid"},
}


def problem(settings):
    return make_problem(SYSTEM, t1=2.0, swept=("k", "pole"), **settings)


@pytest.fixture(params=[pytest.param(None, id="cpu"), pytest.param("cuda", marks=pytest.mark.gpu)])
def target(request):
    return request.param or "cpu"


def test_neighbours_do_not_matter_to_a_controller_with_a_history(target):
    solver = build(problem(SETTINGS["history"]), target)
    runs = GOOD.shape[1]
    together = solver.solve(GOOD)
    assert not together.status.any()
    assert np.isfinite(together.variables).all()
    for run in (0, 17, 36):
        alone = solver.solve(GOOD[:, run : run + 1])
        assert columns(alone, [0]) == columns(together, [run])
    order = np.random.default_rng(1).permutation(runs)
    assert columns(solver.solve(GOOD[:, order]), np.argsort(order)) == columns(together, np.arange(runs))
    crowd = np.repeat(GOOD, 3, axis=1)
    crowd[:, 0::3] = np.array(POLE)[:, None]
    crowd[:, 2::3] = np.array(NOTHING)[:, None]
    among_failures = solver.solve(crowd)
    assert columns(among_failures, np.arange(1, 3 * runs, 3)) == columns(together, np.arange(runs))
    assert among_failures.status[0::3].all()
    assert among_failures.status[2::3].all()
    solver.close()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_width_does_not_matter(settings, monkeypatch):
    found = []
    for group in (Group(8), Group(8, 2), Group(8, 3), Group(32)):
        monkeypatch.setattr(cpu_engine, "group_for", lambda *_, group=group: group)
        found.append(columns(build(problem(settings)).solve(GOOD), np.arange(GOOD.shape[1])))
    assert found.count(found[0]) == len(found)


def test_threads_share_a_queue():
    runs = np.tile(GOOD, 20)
    one, three = (build(problem(SETTINGS["adaptive"]), threads=threads).solve(runs) for threads in (1, 3))
    assert columns(one, np.arange(runs.shape[1])) == columns(three, np.arange(runs.shape[1]))


def test_no_runs_is_no_work():
    solution = build(problem(SETTINGS["adaptive"])).solve(np.empty((2, 0)))
    assert solution.variables.shape == (2, 7, 0)
    assert solution.status.shape == (0,)
