"""Explicit methods against solutions known to 16 digits, at the end and at times between."""

import pytest
from support.cases import CASES, case_points, case_system, worst_error
from support.solving import make_problem, solve

from solvers.tableaus import TABLEAUS

METHODS = [name for name, method in TABLEAUS.items() if method.order >= 5]
#: rtol, atol and the largest error allowed. Pleiades has close encounters; the rounding of its start alone moves the
#: end of an Arenstorf orbit by 1e-7.
USUAL = (1e-9, 1e-12, 1e-6)
DEMANDS = {"pleiades": (1e-10, 1e-13, 1e-6), "arenstorf": (1e-12, 1e-14, 1e-4)}


@pytest.mark.parametrize("target", ["cpu", "python", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CASES)
def test_reference_is_met(name, method, target):
    case = CASES[name]
    times, _ = case_points(case)
    rtol, atol, allowed = DEMANDS.get(name, USUAL)
    states = tuple(range(len(case["states"])))
    problem = make_problem(
        case_system(case),
        method,
        case["t_end"],
        rtol=rtol,
        atol=atol,
        at=times if len(times) > 1 else None,
        observables=(),
    )
    solution = solve(problem, target=target)
    assert solution.status.tolist() == [0]
    err = worst_error(case, solution.variables[: len(states), :, 0])
    print(name, method, err, solution.steps)
    assert err < allowed
