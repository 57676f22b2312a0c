"""Runs whose threads work out rates and eliminate rows together: what one finds, interpreted in step and on a GPU."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from support.events import with_events
from support.solving import make_problem, solve
from support.summaries import asking
from support.systems import make_system, system_of
from support.threads import solve_shared

from benchmarks.models import network
from solvers.equations.system import state_symbol
from solvers.execution import engine
from solvers.settings import KernelSettings, Window
from solvers.status import Status

METHODS = ["rodas5p", "kvaerno5", "radau_iia_5", "rosenbrock23", "backwards_euler"]


def shaken(n):
    """Return a network of which one species is fed at a rate that depends on time, and decays while it is light."""
    system = system_of(network(n, 3 * n))
    t, y = system.inputs[0], state_symbol(2)
    fed = sympy.sin(3 * t) ** 2 - y * sympy.Piecewise((0.5, t < 0.4), (0.1, True))
    slopes = tuple(slope + fed if i == 2 else slope for i, slope in enumerate(system.derivatives))
    return replace(system, derivatives=slopes)


def saturating(n):
    """Return enzymes in a ring of reactions of three forms, with a total that all have in common."""
    names = [f"s{i}" for i in range(n)]
    slopes = {name: [] for name in names}
    for i, name in enumerate(names):
        following, across = names[(i + 1) % n], names[(i * 7 + 3) % n]
        rate = f"V*{name}/(K + {name} + {across}/2)"
        slopes[name].append(f"-{rate}")
        slopes[following].append(f"+{rate}")
        slopes[across].append(f"+0.{i % 4 + 1}*exp(-{name}) - 0.1*{across}**2")
    equations = {name: " ".join(each) for name, each in slopes.items()}
    start = {name: 0.5 + 0.05 * i for i, name in enumerate(names)}
    return make_system(start, equations, {"V": 1.0, "K": 0.3}, {"whole": " + ".join(names[:5])})


SYSTEMS = {
    "a network": (lambda n: system_of(network(n, 3 * n)), "k0"),
    "a shaken network": (shaken, "k0"),
    "enzymes": (saturating, "V"),
}


def problem_of(name="a network", method="rodas5p", n=11, t1=0.3, **settings):
    make, swept = SYSTEMS[name]
    steps = {"dt": t1 / 4} if method == "backwards_euler" else {"rtol": 1e-3, "atol": 1e-5, "dt0": t1 / 10}
    made = make_problem(make(n), method, t1, swept=(swept,), **(steps | {"every": t1 / 1.5} | settings))
    return made, np.linspace(0.5, 2.0, 3)[np.newaxis]


def shared(made, threads):
    """Return a plan whose runs have some threads."""
    return engine.plan(replace(made, kernel=KernelSettings(threads_per_run=threads)), "cuda")


def assert_alike(found, expected, tolerance=1e-9):
    assert found.status.tolist() == expected.status.tolist()
    np.testing.assert_allclose(found.variables, expected.variables, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found.findings, expected.findings, rtol=10 * tolerance, atol=10 * tolerance)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("threads", [4, 16])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_lanes_in_step_solve_what_one_solves(name, method, threads):
    made, values = problem_of(name, method)
    plan = shared(made, threads)
    assert "rates" in plan.form
    found, expected = solve_shared(plan, values), solve(made, values, "python")
    assert found.steps.tolist() == expected.steps.tolist()
    assert_alike(found, expected)


def happening(**settings):
    """Return a network in which events change states and parameters, of which summaries are told, and some runs."""
    made, values = problem_of(**settings)
    events = [
        {"name": "high", "when": "y7 - 0.3", "set": {"y5": "y5 + y3", "k0": "k0*2", "k1": "k0 + 1"}},
        {"name": "dose", "at": {"start": 0.1, "every": 0.15}, "set": {"y7": "y7 + 0.5"}},
        {"name": "seen", "when": "y4 - y6", "record": 2, "states": ["y0"]},
    ]
    summaries = [{"quantity": 7, "kind": "max"}, {"quantity": 3, "kind": "mean", "window": 1}]
    made = replace(made, system=with_events(made.system, *events))
    return asking(made, summaries, (Window(), Window(0.1, 0.2))), values


@pytest.mark.parametrize("method", ["rodas5p", "kvaerno5"])
def test_events_act_and_summaries_tell_alike(method):
    made, values = happening(method=method)
    expected = solve(made, values, "python")
    assert expected.findings.any()
    assert_alike(solve_shared(shared(made, 8), values), expected, 1e-8)


def test_runs_start_from_their_own_values_and_some_states_are_saved():
    made, values = problem_of()
    made = replace(made, swept=("y3", "k0", "k9"), save=replace(made.save, states=(7, 2, 10)))
    values = np.concatenate([values, values * 1.1, values * 0.9])
    found = solve_shared(shared(made, 8), values)
    assert found.variables.shape[0] == 3 + len(made.system.observables)
    assert_alike(found, solve(made, values, "python"))


def test_runs_that_fail_fail_alike():
    made, _ = problem_of(max_steps=4)
    values = np.array([[1.0, np.nan, -1e9, 1e300]])
    expected = solve(made, values, "python")
    assert len(set(expected.status)) > 1
    assert solve_shared(shared(made, 8), values).status.tolist() == expected.status.tolist()


def test_parameters_are_what_all_threads_of_a_run_have_in_common():
    made, _ = problem_of()
    plan = shared(made, 8)
    row = next(row for row in plan.registry.rows() if row.name == "parameters")
    assert (row.location, row.bytes) == ("shared", plan.registry.totals().common)
    assert plan.registry.totals().shared == 0


def test_code_for_a_gpu_waits_for_all_threads():
    kernel = engine.compile_kernel(shared(problem_of(n=9)[0], 4), "sm_90")
    launch = engine.kernel_report(kernel)
    assert launch["threads_per_run"] == 4
    assert launch["shared_bytes_per_block"] % (launch["threads_per_block"] // 4) == 0


# -- on a GPU -----------------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.one_in(2)
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(("n", "threads"), [(9, 2), (21, 4), (21, 32), (40, 8), (53, 16), (53, 32)])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_threads_of_a_gpu_solve_what_one_solves(name, method, n, threads, precision):
    """Steps are fixed in float64: adaptive ones may differ by one where a condition changes."""
    fixed = {"rtol": 1e-9} if precision == "float64" and method != "backwards_euler" else {}
    fixed |= {"dt": 0.01} if fixed or method == "backwards_euler" else {}
    made, values = problem_of(name, method, n, 1.0, precision=precision, **fixed)
    values = np.resize(values, (1, 203))
    expected = solve(made, values, "cpu")
    found = solve(replace(made, kernel=KernelSettings(threads_per_run=threads)), values, "cuda")
    assert found.status.tolist() == expected.status.tolist() == [Status.SUCCESS] * 203
    assert_alike(found, expected, 1e-9 if precision == "float64" else 5e-3)


@pytest.mark.gpu
@pytest.mark.parametrize("threads", [4, 16])
def test_events_act_and_summaries_tell_alike_on_a_gpu(threads):
    made, values = happening(t1=1.0, n=21)
    values = np.resize(values, (1, 71))
    expected = solve(made, values, "cpu")
    assert_alike(solve(replace(made, kernel=KernelSettings(threads_per_run=threads)), values, "cuda"), expected, 1e-6)


@pytest.mark.gpu
@pytest.mark.parametrize("runs", [1, 7, 33, 5000])
@pytest.mark.parametrize("threads", [4, 32])
def test_any_number_of_runs(runs, threads):
    made, _ = problem_of(n=21, t1=1.0)
    values = np.random.default_rng(runs).uniform(0.5, 2.0, (1, runs))
    kernel = KernelSettings(threads_per_run=threads, threads=64, resident_blocks=1)
    found = solve(replace(made, kernel=kernel), values, "cuda")
    chosen = [0, runs // 2, runs - 1]
    expected = solve(made, values[:, chosen], "cpu")
    assert not found.status.any()
    np.testing.assert_allclose(found.variables[..., chosen], expected.variables, rtol=1e-7, atol=1e-7)
