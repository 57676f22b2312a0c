"""Large systems, whose equations and states are gone through by loops, on every target."""

from itertools import product

import numpy as np
import pytest
from support.solving import make_problem, solve
from support.systems import links, system_of

from benchmarks.models import brusselator, heat, nerve_cells, network, oscillators
from solvers.planning.assembly import make_loop
from solvers.settings import NewtonSettings

#: A model, what is swept, from where to where, and the end.
SYSTEMS = {
    "a row": (heat(150), "D", (0.5, 2.0), 0.02),
    "two states a cell": (brusselator(70), "B", (2.5, 3.5), 0.05),
    "all to all": (oscillators(36).replace("sin(", "tanh("), "K", (0.5, 3.0), 0.5),
    "cells coupled to all": (nerve_cells(36), "I", (5.0, 15.0), 0.05),
    "mass action": (network(140, 400), "k0", (1.0, 2.0), 0.01),
}
RUNS = 5
TARGETS = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


METHODS = ["tsit5", "rodas5p", "kvaerno5", "radau_iia_5"]
#: The interpreter takes its time for implicit methods of others.
COMPARED = [*product(SYSTEMS, ["tsit5"]), *product(["a row"], METHODS[1:])]
#: By turns in either precision.
PRECISE = [(*each, ("float64", "float32")[number % 2]) for number, each in enumerate(COMPARED)]


def problem_of(name, precision, method="tsit5", **settings):
    model, swept, (low, high), t1 = SYSTEMS[name]
    options = {"rtol": 1e-5, "atol": 1e-7, "every": t1 / 2} | settings
    problem = make_problem(system_of(model), method, t1, swept=(swept,), precision=precision, **options)
    return problem, np.linspace(low, high, RUNS)[np.newaxis]


def assert_alike(found, expected, precision):
    runs = expected.variables.shape[2]
    scale = np.abs(expected.variables).max()
    tolerance = 1e-9 if precision == "float64" else 1e-4
    found = found.variables[:, :, :runs]
    np.testing.assert_allclose(found, expected.variables, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_loops_are_chosen(name, method):
    problem, _ = problem_of(name, "float64", method)
    assert make_loop(problem).step.rhs.looped is not None


@pytest.mark.one_in(5)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("name", "method", "precision"), PRECISE)
def test_loops_come_to_what_written_out_code_does(name, method, precision, target, monkeypatch):
    problem, values = problem_of(name, precision, method)
    found = solve(problem, values, target)
    monkeypatch.setattr("solvers.equations.right_hand_side.SHARE", 0.0)
    written, _ = problem_of(name, precision, method)
    assert make_loop(written).step.rhs.looped is None
    expected = solve(written, values[:, :2], "python")
    assert (found.status == 0).all()
    assert_alike(found, expected, precision)


def roots(n):
    """Return a row of tanks that run out as the root of what is in them."""
    return "\n".join([
        "[states]", *(f"v{i} = {1 + 0.01 * i}" for i in range(n)), "[parameters]", "k = 1.0", "[equations]",
        *(f"v{i} = '{'k' if i == 0 else f'k*sqrt(v{i - 1})'} - k*sqrt(v{i})'" for i in range(n)),
    ])  # fmt: skip


#: A model that loops are made to take, what is swept, and the end.
SMALL = {
    "a row": (heat(12), "D", 2.0),
    "mass action": (network(12, 30), "k0", 0.05),
    "roots": (roots(12), "k", 0.5),
    "a chain": (links(12), "k", 0.5),
}
FULL = {"newton": NewtonSettings(jacobian="iteration")}
BACKTRACKING = {"newton": NewtonSettings(max_backtracks=3)}
FIXED = {"dt": 0.01}
VARIANTS = {
    "diagonally implicit": ("a row", "trapezoidal", {}),
    "diagonally implicit, fixed steps": ("mass action", "backwards_euler", FIXED),
    "diagonally implicit, explicit stages": ("roots", "kvaerno5", {}),
    "full Newton": ("mass action", "kencarp4", FULL),
    "diagonally implicit, backtracking": ("mass action", "kvaerno5", BACKTRACKING),
    "a complex pair alone": ("a row", "gauss_legendre_4", {}),
    "real and complex": ("mass action", "radau_iia_5", {}),
    "real and complex, a band": ("roots", "radau_iia_5", {}),
    "two pairs": ("mass action", "radau_iia_9", {}),
    "fully implicit, backtracking": ("roots", "radau_iia_3", BACKTRACKING),
    "fully implicit, fixed steps": ("mass action", "lobatto_iiic_4", FIXED),
    "Rosenbrock": ("roots", "rodas5p", {}),
}


#: Every third, as each takes its time.
VARIED = [(variant, ("float64", "float32")[number % 2]) for number, variant in enumerate([*VARIANTS][::3])]


@pytest.fixture
def loops_for_few(monkeypatch):
    """Have loops taken for any system."""
    monkeypatch.setattr("solvers.equations.right_hand_side.LONGEST_WRITTEN_OUT", 8)
    monkeypatch.setattr("solvers.equations.right_hand_side.MOST_STATES", 8)
    monkeypatch.setattr("solvers.equations.right_hand_side.SHARE", 2.0)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("variant", "precision"), VARIED)
def test_loops_do_in_every_family_what_written_out_code_does(variant, precision, target, request):
    assert_loops_do_the_same(*VARIANTS[variant], precision, target, request)


@pytest.mark.parametrize("target", TARGETS)
def test_a_link_of_a_chain_reads_what_the_one_before_has_stored(target, request):
    assert_loops_do_the_same("a chain", "rodas5p", {}, "float64", target, request)


def assert_loops_do_the_same(name, method, settings, precision, target, request):
    model, swept, t1 = SMALL[name]

    def problem():
        options = {"rtol": 1e-4, "atol": 1e-6, "every": t1 / 4, "precision": precision} | settings
        return make_problem(system_of(model), method, t1, swept=(swept,), **options)

    values = np.array([[1.0, 1.3]])
    assert make_loop(problem()).step.rhs.looped is None
    expected = solve(problem(), values, "python")
    request.getfixturevalue("loops_for_few")
    looped = problem()
    assert make_loop(looped).step.rhs.looped is not None
    found = solve(looped, values, target)
    assert (found.status == 0).all()
    assert_alike(found, expected, precision)


@pytest.mark.thorough
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("method", "precision"), [("rodas5p", "float64"), ("kvaerno5", "float32"), ("radau_iia_5", "float64")]
)
def test_loops_may_factor_the_matrix_of_what_is_written_out(method, precision, target, monkeypatch):
    def problem():
        model, options = system_of(SMALL["mass action"][0]), {"rtol": 1e-4, "atol": 1e-6, "every": 0.025}
        return make_problem(model, method, 0.05, swept=("k0",), precision=precision, **options)

    values = np.array([[1.0, 1.3]])
    expected = solve(problem(), values, "python")
    monkeypatch.setattr("solvers.algebra.blocked_lu.SMALLEST_BLOCK", 5)
    blocked = problem()
    step = make_loop(blocked).step
    assert step.rhs.looped is None
    assert (step.linear if method == "rodas5p" else step.newton.linear).operator.large
    found = solve(blocked, values, target)
    assert (found.status == 0).all()
    assert_alike(found, expected, precision)


@pytest.mark.parametrize("target", TARGETS)
def test_a_state_may_have_a_tolerance_of_its_own(target):
    tight, values = problem_of("a row", "float64", atol=[1e-12] + [1e-3] * 149)
    loose, _ = problem_of("a row", "float64", atol=[1e-3] * 149 + [1e-12])
    results = [solve(problem, values, target) for problem in (tight, loose)]
    expected = [solve(problem, values[:, :1], "python") for problem in (tight, loose)]
    for result, exact in zip(results, expected, strict=True):
        assert result.steps[0] == exact.steps[0]
