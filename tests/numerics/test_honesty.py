"""What the table of honest tolerances says of the methods that the docs recommend, where it is cheap to look."""

import pytest

from benchmarks.honesty import CLASSES, measure

SMOOTH = ("decay", "oscillator", "quadrature")
RECOMMENDED = ("tsit5", "vern7", "rodas4", "rodas5p", "radau_iia_5")


@pytest.mark.one_in(15)
@pytest.mark.parametrize("problem", SMOOTH)
@pytest.mark.parametrize("method", RECOMMENDED)
def test_errors_are_near_the_tolerance_on_smooth_problems(method, problem):
    found = measure(method, problem, 1e-6)
    assert found.failed == 0
    assert found.worst <= 30


BLIND = [("ros3p", "decay"), ("rodas5", "quadrature"), ("lobatto_iiic_4", "stiff forced")]


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("method", "problem"), BLIND)
def test_what_an_embedded_estimate_does_not_see_is_seen_within_steps(method, problem):
    assert measure(method, problem, 1e-6).worst <= 15


@pytest.mark.one_in(8)
@pytest.mark.parametrize("name", [name for name in CLASSES if name not in {"chemical", "chaotic"}])
def test_solutions_of_classes_solve_them(name):
    found = measure("vern9", name, 1e-9)
    assert found.end * found.rtol < 1e-4
