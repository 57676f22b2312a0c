"""What stiffness leaves of a method: the order of its stages, and damping."""

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import make_system

from solvers.settings import NewtonSettings
from solvers.tableaus import IMPLICIT_TABLEAUS
from solvers.tableaus.diagonally_implicit import DiagonallyImplicitTableau
from solvers.tableaus.rosenbrock import RosenbrockTableau

methods = pytest.mark.parametrize("name", IMPLICIT_TABLEAUS)
everywhere = pytest.mark.parametrize("target", ["python", pytest.param("cuda", marks=pytest.mark.gpu)])
EXACT = {"rtol": 1e-13, "atol": 1e-13, "newton": NewtonSettings(max_iters=50)}

#: The problem of Prothero and Robinson with the solution sin; `scale` sets the step as in `support.order.SMOOTH`.
PROTHERO_ROBINSON = make_system(
    {"y": 0.0},
    {"y": "scale*(rate*(y - sin(start + scale*t)) + cos(start + scale*t))"},
    {"start": 0.0, "scale": 1.0, "rate": -1e6},
)
STARTS, SCALES = np.linspace(0.3, 6.5, 8), np.geomspace(0.1, 1.0, 6)
#: Orders on this problem for which Rosenbrock methods were designed; the others have stages of order 1.
DESIGNED = {"rosenbrock23": 2, "ros3p": 2, "rodas3p": 2, "rodas4p": 3, "rodas5p": 3, "ros34pw2": 2, "ros34pw3": 3}

DECAY = make_system({"y": 1.0}, {"y": "-rate*y"}, {"rate": 1.0})


def stage_order(method):
    """Return the largest q with sum_j a_ij c_j^(k-1) = c_i^k / k for k up to q in every stage."""
    if isinstance(method, RosenbrockTableau):
        return DESIGNED.get(method.name, 1)
    diagonal = isinstance(method, DiagonallyImplicitTableau)
    rows = [[*row, *[0.0] * (len(method.c) - len(row))] for row in method.a] if diagonal else method.a
    a, c = np.array(rows), np.array(method.c)
    gaps = (np.abs(a @ c**q - c ** (q + 1) / (q + 1)).max() for q in range(len(c) + 1))
    return next(q for q, gap in enumerate(gaps) if gap > 1e-10)


@pytest.mark.one_in(3)
@everywhere
@methods
def test_order_of_the_stages_is_left_by_stiffness(name, target):
    scale, start = (axis.ravel() for axis in np.meshgrid(SCALES, STARTS, indexing="ij"))
    problem = make_problem(PROTHERO_ROBINSON, name, 1.0, dt=0.25, swept=("y", "start", "scale"), **EXACT)
    solution = solve(problem, [np.sin(start), start, scale], target)
    assert not solution.status.any()
    gaps = (solution.variables[0, 0] - np.sin(start + scale)).reshape(len(SCALES), -1)
    errors = np.sqrt((gaps**2).mean(axis=1))
    seen = errors > 5e-15  # below is rounding
    order = stage_order(IMPLICIT_TABLEAUS[name])
    assert order >= 1
    if seen.sum() < 3:
        assert order > 3  # which errors as small as these show
        return
    assert np.polyfit(np.log(SCALES[seen]), np.log(errors[seen]), 1)[0] > order - 0.1


@everywhere
@methods
def test_stiff_components_are_damped(name, target):
    method = IMPLICIT_TABLEAUS[name]
    rates = np.array([1e2, 1e5, 1e8])
    problem = make_problem(DECAY, name, 4.0, dt=1.0, at=[1.0, 2.0, 3.0, 4.0], swept=("rate",))
    solution = solve(problem, rates, target)
    assert not solution.status.any()
    sizes = np.abs(solution.variables[0])
    expected = [abs(method.amplification(-rate)) for rate in rates[:2]]
    np.testing.assert_allclose(sizes[0, :2], expected, rtol=1e-6, atol=1e-10)
    assert (sizes <= 1 + 1e-9).all()
    assert method.a_stable
    if method.l_stable:
        assert (sizes[:, 2] < 1e-6).all()
