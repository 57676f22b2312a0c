"""Implicit methods against stiff solutions known to 16 digits, at the end and at times between."""

import numpy as np
import pytest
from support.cases import STIFF, case_points, case_system
from support.solving import make_problem, solve

#: One method at least of each family; stages are many equations at 40 states, so there the shortest methods.
METHODS = ("kvaerno5", "radau_iia_5", "rodas4", "rodas5p", "ros34pw2")
METHODS_WHEN_LARGE = ("tr_bdf2", "radau_iia_3", "rodas4", "rodas5p", "ros34pw2")
LARGE = 40


def combinations():
    """Yield case, method and target."""
    for name, case in STIFF.items():
        for method in METHODS_WHEN_LARGE if case["n_states"] >= LARGE else METHODS:
            yield pytest.param(name, method, "cpu", id=f"{name}-{method}-cpu")
            yield pytest.param(name, method, "cuda", id=f"{name}-{method}-cuda", marks=pytest.mark.gpu)


@pytest.mark.one_in(5)
@pytest.mark.parametrize(("name", "method", "target"), list(combinations()))
def test_reference_is_met(name, method, target):
    case = STIFF[name]
    times, reference = case_points(case)
    smallest = np.abs(reference).min()
    problem = make_problem(
        case_system(case), method, case["t_end"], rtol=1e-8, atol=1e-9 * smallest, observables=(), at=times
    )
    solution = solve(problem, target=target)
    assert solution.status.tolist() == [0]
    rows = [case["states"].index(state) for state in case["compare_states"]]
    errors = np.abs(solution.variables[:, :, 0] / reference - 1)[rows].max(axis=0)
    assert errors[-1] < 1e-5
    # Between steps stiff components have the order of the continuous extension, less what stiffness takes.
    assert errors.max() < 1e-4
    assert solution.rejected[0] < 0.2 * solution.steps[0]
