"""Explicit methods against solutions known to 16 digits, at the end and at times between."""

import pytest
from support.cases import NONSTIFF, case_points, case_system, worst_error
from support.solving import make_problem, solve

from solvers.tableaus import TABLEAUS
from solvers.tableaus.tableau import ButcherTableau

METHODS = [name for name, method in TABLEAUS.items() if isinstance(method, ButcherTableau) and method.order >= 5]
#: rtol, atol and the largest error allowed. Pleiades has close encounters; the rounding of its start alone moves the
#: end of an Arenstorf orbit by 1e-7.
USUAL = (1e-9, 1e-12, 1e-6)
DEMANDS = {"pleiades": (1e-10, 1e-13, 2e-6), "arenstorf": (1e-12, 1e-14, 1e-4)}


#: States from which on compiling every method for the cpu takes too long here.
LARGE = 10
COMPILED_WHEN_LARGE = ("tsit5", "dop853")
INTERPRETED_WHEN_LARGE = ("vern7",)


def _targets(states, method):
    if states < LARGE or method in COMPILED_WHEN_LARGE:
        return ["cpu"]
    return ["python"] if method in INTERPRETED_WHEN_LARGE else []


def combinations():
    """Yield case, method and target."""
    for name, case in NONSTIFF.items():
        for method in METHODS:
            for target in _targets(case["n_states"], method):
                yield pytest.param(name, method, target, id=f"{name}-{method}-{target}")
            yield pytest.param(name, method, "cuda", id=f"{name}-{method}-cuda", marks=pytest.mark.gpu)


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("name", "method", "target"), list(combinations()))
def test_reference_is_met(name, method, target):
    case = NONSTIFF[name]
    times, _ = case_points(case)
    rtol, atol, allowed = DEMANDS.get(name, USUAL)
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
    assert worst_error(case, solution.variables[:, :, 0]) < allowed
