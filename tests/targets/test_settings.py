"""Kernels that are given other numbers than those they were compiled for."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from support.solving import make_problem
from support.systems import lorenz

from solvers.execution import engine
from solvers.execution.kernel import Kernel
from solvers.planning.given import compiled_choices
from solvers.settings import ControllerSettings, LinearSettings, NewtonSettings

TARGETS = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
VALUES = np.array([[14.0, 28.0]])
ITERATIVE = LinearSettings(kind="bicgstab", tolerance=1e-8)
LIMITS = {"dt0": 1e-3, "dt_min": 1e-12, "dt_max": 0.5, "rtol": 1e-5, "newton": NewtonSettings(max_backtracks=1)}
#: A problem of each family. Fixed steps land on some saves, as RK4 does, or go past them.
PROBLEMS = {
    "explicit fixed": ("rk4", {"dt": 0.01}),
    "explicit fixed float32": ("tsit5", {"dt": 0.01, "precision": "float32"}),
    "explicit adaptive": ("tsit5", LIMITS),
    "predictive": ("dop853", LIMITS),
    "Rosenbrock": ("rodas5p", {**LIMITS, "linear": ITERATIVE}),
    "diagonally implicit": ("kvaerno5", LIMITS),
    "fully implicit": ("radau_iia_5", LIMITS),
    "implicit fixed": ("sdirk4", {"dt": 0.02}),
}
SPAN = {"t0": 0.125, "t1": 0.5}
#: Changes of settings, and whether they show in the solution; None: it may.
FIXED = {"span": (SPAN, True), "dt": ({"dt": 0.004}, True)}
ADAPTIVE = {
    "span": (SPAN, True),
    "rtol": ({"rtol": 1e-7}, True),
    "no rtol": ({"rtol": 0.0}, True),
    "atol": ({"atol": (1e-4,) * 3}, True),
    "dt0": ({"dt0": 1e-4}, True),
    "dt_min": ({"dt_min": 0.01}, True),
    "dt_max": ({"dt_max": 0.015}, True),
    "max_steps": ({"max_steps": 7}, True),
    "gain": ({"controller": ControllerSettings(ki=0.6)}, True),
    "limits": ({"controller": ControllerSettings(safety=0.7, min_factor=0.8, max_factor=1.5)}, True),
}
IMPLICIT = {
    "newton": ({"newton": NewtonSettings(tolerance=1e-4, damping=0.25, max_backtracks=2)}, True),
}
#: Changes that a solution survives all at once.
SEVERAL = {
    "rtol": 1e-6,
    "atol": (1e-8,) * 3,
    "dt0": 1e-4,
    "dt_min": 1e-9,
    "dt_max": 0.04,
    "controller": ControllerSettings(ki=0.8, safety=0.8, min_factor=0.3, max_factor=4.0),
    "newton": NewtonSettings(tolerance=1e-3, damping=0.25, max_backtracks=2),
}
LINEAR = {"linear": ({"linear": replace(ITERATIVE, tolerance=1e-2, max_iters=90)}, True)}


def changes(name):
    algorithm, settings = PROBLEMS[name]
    found = FIXED if "dt" in settings else ADAPTIVE
    found = {**found, **(LINEAR if "linear" in settings else {})}
    return {**found, **(IMPLICIT if algorithm in {"kvaerno5", "radau_iia_5"} else {})}


def base(name, **output):
    algorithm, settings = PROBLEMS[name]
    return make_problem(lorenz(), algorithm, 0.5, swept=("rho",), **{"every": 0.125, **output}, **settings)


def solved(kernel, problem):
    with closing(engine.load(kernel, problem.exchange, threads=1)) as solver:
        return solver.solve(VALUES)


def interpreted(problem):
    return engine.interpret(engine.plan(problem, "python")).solve(VALUES)


def compiled(problem, target="cpu"):
    """Return a kernel as it comes back from where it was kept."""
    kernel = engine.compile_kernel(engine.plan(problem, target))
    return Kernel.from_json(kernel.as_json(), kernel.code)


@pytest.fixture(scope="module")
def kept():
    """Return a function that compiles the kernel of a problem, once."""
    kernels = {}

    def of(name, target="cpu"):
        if (name, target) not in kernels:
            kernels[name, target] = compiled(base(name), target)
        return kernels[name, target]

    return of


@pytest.mark.one_in(5)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("name", "change"), [(name, change) for name in PROBLEMS for change in changes(name)])
def test_a_kept_kernel_solves_with_other_settings(name, change, target, kept):
    settings, shows = changes(name)[change]
    problem = base(name)
    other = replace(problem, solve=replace(problem.solve, **settings))
    assert compiled_choices(problem.solve, problem.save) == compiled_choices(other.solve, other.save)
    found, expected = solved(kept(name, target), other), interpreted(other)
    np.testing.assert_array_equal(found.status, expected.status)
    np.testing.assert_allclose(found.steps, expected.steps, atol=2)
    rough = target == "cuda" or problem.solve.precision == "float32"
    tolerance = 1e-4 if rough else 1e-6
    np.testing.assert_allclose(found.variables, expected.variables, rtol=tolerance, atol=tolerance)
    before = solved(kept(name, target), problem)
    same = np.array_equal(found.variables, before.variables) and np.array_equal(found.rejected, before.rejected)
    assert shows is None or same is not shows


@pytest.mark.one_in(4)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_kept_kernel_gives_every_bit_of_one_compiled_for_the_settings(name, target, kept):
    problem = base(name)
    several = FIXED["dt"][0] if "dt" in PROBLEMS[name][1] else SEVERAL
    other = replace(problem, solve=replace(problem.solve, **SPAN, **several), save=replace(problem.save, every=0.05))
    if problem.solve.linear.kind != "lu":
        other = replace(other, solve=replace(other.solve, linear=replace(ITERATIVE, tolerance=1e-6, max_iters=90)))
    found, expected = solved(kept(name, target), other), solved(compiled(other, target), other)
    assert (found.status == 0).all()
    np.testing.assert_array_equal(found.variables, expected.variables)
    np.testing.assert_array_equal(found.steps, expected.steps)
    np.testing.assert_array_equal(found.rejected, expected.rejected)


@pytest.mark.parametrize("name", ["explicit fixed", "explicit adaptive", "diagonally implicit"])
def test_other_save_times_and_more_of_them(name, kept):
    problem = base(name)
    for every in (0.02, 0.5, 0.1):
        other = replace(problem, save=replace(problem.save, every=every))
        found, expected = solved(kept(name), other), interpreted(other)
        assert found.variables.shape == expected.variables.shape
        np.testing.assert_allclose(found.variables, expected.variables, rtol=1e-6)


def test_another_table_of_save_times():
    problem = base("explicit adaptive", every=None, at=[0.1, 0.2])
    kernel = compiled(problem)
    for at in ((0.05,), (0.0, 0.11, 0.3, 0.31, 0.5)):
        other = replace(problem, save=replace(problem.save, at=at))
        np.testing.assert_allclose(solved(kernel, other).variables, interpreted(other).variables, rtol=1e-6)


def test_tolerances_of_each_state():
    problem = base("explicit adaptive")
    uneven = replace(problem, solve=replace(problem.solve, atol=(1e-9, 1e-7, 1e-5)))
    kernel = compiled(uneven)
    for atol in ((1e-9, 1e-7, 1e-5), (1e-2, 1e-10, 1e-3)):
        other = replace(uneven, solve=replace(uneven.solve, atol=atol))
        np.testing.assert_array_equal(solved(kernel, other).steps, interpreted(other).steps)


@pytest.mark.parametrize("target", TARGETS)
def test_solvers_of_one_kernel_have_settings_of_their_own(target, kept):
    problem = base("explicit adaptive")
    tight = replace(problem, solve=replace(problem.solve, rtol=1e-8))
    kernel = kept("explicit adaptive", target)
    expected = [solved(kernel, each).steps for each in (problem, tight)]
    with (
        closing(engine.load(kernel, problem.exchange, threads=1)) as first,
        closing(engine.load(kernel, tight.exchange, threads=1)) as second,
    ):
        for _ in range(2):
            np.testing.assert_array_equal(first.solve(VALUES).steps, expected[0])
            np.testing.assert_array_equal(second.solve(VALUES).steps, expected[1])
