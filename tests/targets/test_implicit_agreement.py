"""With other solvers than the usual: the targets agree, and a run's result does not depend on its neighbours."""

import numpy as np
import pytest
from support.properties import columns
from support.solving import build, make_problem, solve
from support.stiff import ROBERTSON
from support.systems import make_system

from solvers.settings import LinearSettings, NewtonSettings
from solvers.status import Status

compiled = pytest.mark.parametrize("target", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
RATES = [[1e7, 3e7, 1e8], [1e4, 3e4, 1e4]]


@pytest.mark.one_in(9)
@compiled
@pytest.mark.parametrize("name", ["sdirk2", "radau_iia_3", "rodas3"])
@pytest.mark.parametrize("kind", ["minimal_residual", "steepest_descent", "bicgstab"])
def test_iterative_solvers_agree(name, kind, target):
    linear = LinearSettings(kind=kind, preconditioner="neumann")
    system = make_system({"x": 1.0, "y": 0.0}, {"x": "-k*x + y", "y": "x - 2*y + sin(t)"}, {"k": 1.0})
    problem = make_problem(system, name, 1.0, rtol=1e-5, swept=("k",), linear=linear)
    defined = solve(problem, [0.5, 5.0, 20.0], target="python")
    found = solve(problem, [0.5, 5.0, 20.0], target=target)
    assert not found.status.any()
    np.testing.assert_array_equal(found.steps, defined.steps)
    np.testing.assert_allclose(found.variables, defined.variables, rtol=1e-8)


@pytest.mark.one_in(3)
@compiled
@pytest.mark.parametrize("name", ["sdirk2", "radau_iia_3", "rodas3"])
def test_single_precision(name, target):
    problem = make_problem(ROBERTSON, name, 10.0, rtol=1e-3, atol=1e-7, swept=("k2", "k3"), precision="float32")
    exact = solve(make_problem(ROBERTSON, "rodas5p", 10.0, rtol=1e-8, atol=1e-13, swept=("k2", "k3")), RATES, "python")
    found = solve(problem, RATES, target=target)
    assert found.variables.dtype == np.float32
    assert not found.status.any()
    np.testing.assert_allclose(found.variables, exact.variables, rtol=1e-2, atol=1e-6)


#: Runs differ in length a hundredfold. c sends Newton's method where there is no root, NaN fails at the start.
MIXED = make_system(
    {"x": 1.0, "y": 0.0},
    {"x": "k*y - x*x*x + c*(1 + x**4)", "y": "-k*x - 20*y + 0.1*sin(3*t)"},
    {"k": 1.0, "c": 0.0},
)
GOOD = np.array([np.geomspace(0.1, 400.0, 21), np.zeros(21)])
HOPELESS, NOTHING = [1.0, 1e9], [np.nan, 0.0]
FULL = NewtonSettings(jacobian="iteration", max_backtracks=3)
SETTINGS = {
    "diagonal, full, matrix-free": {
        "algorithm": "sdirk2",
        "newton": FULL,
        "linear": LinearSettings(kind="bicgstab"),
    },
    "diagonal, fixed": {"algorithm": "implicit_midpoint", "dt": 0.05, "newton": FULL},
    "coupled, matrix-free": {"algorithm": "gauss_legendre_4", "linear": LinearSettings(kind="minimal_residual")},
    "rosenbrock, matrix-free": {"algorithm": "ros3p", "linear": LinearSettings(kind="minimal_residual")},
}


@pytest.mark.one_in(3)
@compiled
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_neighbours_do_not_matter(settings, target):
    fixed = "dt" in settings
    problem = make_problem(MIXED, t1=2.0, rtol=1e-4, atol=1e-7, swept=("k", "c"), max_steps=20_000, **settings)
    solver = build(problem, target)
    runs = GOOD.shape[1]
    together = solver.solve(GOOD)
    assert not together.status.any()
    for run in (0, 9, 20):
        alone = solver.solve(GOOD[:, run : run + 1])
        assert columns(alone, [0]) == columns(together, [run])
    order = np.random.default_rng(1).permutation(runs)
    assert columns(solver.solve(GOOD[:, order]), np.argsort(order)) == columns(together, np.arange(runs))
    crowd = np.repeat(GOOD, 3, axis=1)
    crowd[:, 0::3] = np.array(HOPELESS)[:, None]
    crowd[:, 2::3] = np.array(NOTHING)[:, None]
    among = solver.solve(crowd)
    assert columns(among, np.arange(1, 3 * runs, 3)) == columns(together, np.arange(runs))
    assert (among.status[2::3] == Status.NONFINITE).all()
    assert among.status[0::3].all()
    if fixed:
        assert (among.status[0::3] == Status.NEWTON_FAILED).all()
    solver.close()
