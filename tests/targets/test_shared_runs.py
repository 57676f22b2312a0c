"""Runs that several threads share: what one thread finds, lanes in step interpreted and on a GPU."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from support.events import with_events
from support.many_states import MANY, ring
from support.solving import build, make_problem, solve
from support.summaries import asking, every_kind
from support.threads import solve_shared

from solvers.equations.system import state_symbol
from solvers.execution import engine
from solvers.settings import KernelSettings, Window
from solvers.status import Status
from solvers.targets.listing import Listing

METHODS = ["tsit5", "vern7", "rk4", "fehlberg45"]
IMPLICIT = ["rodas5p", "kvaerno5", "radau_iia_5", "rosenbrock23"]


def problem_of(name, method="tsit5", n=40, **settings):
    make, swept, (low, high), t1 = MANY[name]
    steps = {"dt": t1 / 40} if method == "rk4" else {"rtol": 1e-5, "atol": 1e-7}
    made = make_problem(make(n), method, t1, swept=(swept,), **(steps | {"every": t1 / 3.5} | settings))
    return made, np.linspace(low, high, 5)[np.newaxis]


def shared(made, threads):
    return engine.plan(replace(made, kernel=KernelSettings(threads_per_run=threads)), "cuda")


def assert_alike(found, expected, precision="float64"):
    """Check that runs end alike; the order in which squares are added up changes the last digits of steps."""
    assert found.status.tolist() == expected.status.tolist()
    if precision == "float64":
        assert found.steps.tolist() == expected.steps.tolist()
    scale = np.nanmax(np.abs(expected.variables), initial=1.0)
    tolerance = 1e-9 if precision == "float64" else 1e-3
    np.testing.assert_allclose(found.variables, expected.variables, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.one_in(6)
@pytest.mark.parametrize("threads", [2, 8])
@pytest.mark.parametrize(("name", "method"), [*product(MANY, METHODS)])
def test_lanes_in_step_find_what_one_finds(name, method, threads):
    made, values = problem_of(name, method)
    assert_alike(solve_shared(shared(made, threads), values), solve(made, values, "python"))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("threads", [4, 8])
@pytest.mark.parametrize(("name", "method"), [*product(MANY, IMPLICIT)])
def test_lanes_in_step_solve_what_one_solves(name, method, threads):
    made, values = problem_of(name, method)
    values = values[:, ::2]
    assert_alike(solve_shared(shared(made, threads), values), solve(made, values, "python"))


def test_tolerances_of_states_are_their_own():
    made, values = problem_of("a ring", atol=tuple(10.0 ** -(3 + i % 5) for i in range(40)))
    assert_alike(solve_shared(shared(made, 4), values), solve(made, values, "python"))


def test_runs_start_from_their_own_values():
    made, values = problem_of("a ring")
    made = replace(made, swept=("x3", "F", "x38"))
    values = np.concatenate([values * 0.9, values, values * 1.1])
    assert_alike(solve_shared(shared(made, 8), values), solve(made, values, "python"))


def test_some_states_and_all_currents_are_saved():
    made, values = problem_of("cells of four", every=None, at=(0.0, 0.4, 1.0))
    made = replace(made, save=replace(made.save, states=(37, 2, 3, 20)))
    found = solve_shared(shared(made, 4), values)
    assert found.variables.shape == (4 + 10, 3, 5)
    assert_alike(found, solve(made, values, "python"))


#: What happens in a ring, and what is told of it.
EVENTS = [
    {"name": "high", "when": "x3 - 2.5", "direction": "up", "set": {"x30": "x30/2 + x3", "F": "F - 0.1"}},
    {"name": "seen", "when": "der(x20) + x21", "record": 3, "states": ["x0", "x39"], "observables": ["pair"]},
    {"name": "dose", "at": {"start": 0.1, "every": 0.15}, "set": {"x5": "x5 + x6"}},
    {"name": "over", "when": "x38 - 9.8", "stop": 2},
]
SUMMARIES = [
    {"quantity": 33, "kind": "max"},
    {"quantity": 33, "kind": "time_of_min"},
    {"quantity": 2, "kind": "crossings", "level": 2.0},
    {"quantity": 0, "observable": True, "kind": "mean"},
    {"quantity": 12, "kind": "std", "window": 1},
    {"quantity": 12, "kind": "mean_peak"},
]


def waves(system):
    """Return a ring that starts far from rest."""
    return replace(system, initial_values=tuple(4.0 + 3.0 * np.sin(1.7 * np.arange(len(system.states)))))


def happening(events=EVENTS, summaries=SUMMARIES, method="tsit5", **settings):
    """Return a ring in which much happens, which is told, and some runs."""
    made, values = problem_of("a ring", method, **settings)
    pair = state_symbol(3) * state_symbol(17)
    system = replace(waves(made.system), observables=("pair",), observable_expressions=(pair,))
    made = replace(made, system=with_events(system, *events))
    return asking(made, summaries, (Window(), Window(0.12, 0.37))), values


def assert_told_alike(found, expected, precision="float64"):
    assert_alike(found, expected, precision)
    tolerance = 1e-7 if precision == "float64" else 1e-2
    np.testing.assert_allclose(found.findings, expected.findings, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("threads", [2, 8])
@pytest.mark.parametrize(("events", "summaries"), [(EVENTS, []), ([], SUMMARIES), (EVENTS, SUMMARIES)])
def test_events_act_and_summaries_tell_alike(events, summaries, threads):
    made, values = happening(events, summaries)
    expected = solve(made, values, "python")
    assert not events or set(expected.status) == {Status.SUCCESS, Status.STOPPED}
    assert_told_alike(solve_shared(shared(made, threads), values), expected)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_moment_that_polynomials_tell_is_the_same(precision):
    made, values = happening([EVENTS[0]], [], precision=precision)
    assert made.tableau.dense_output
    assert len(made.tableau.dense_output.coefficients[0]) == 4
    found = solve_shared(shared(made, 4), values)
    assert found.findings[0].all()
    assert_told_alike(found, solve(made, values, "python"), precision)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("method", IMPLICIT)
def test_events_and_summaries_of_implicit_methods_are_alike(method):
    made, values = happening(method=method, rtol=1e-3, atol=1e-4)
    assert_told_alike(solve_shared(shared(made, 4), values[:, :3]), solve(made, values[:, :3], "python"))


@pytest.mark.parametrize("method", ["dop853", "rk4"])
def test_events_cut_steps_of_other_methods_alike(method):
    made, values = happening(EVENTS[:3], SUMMARIES, method)
    assert_told_alike(solve_shared(shared(made, 8), values), solve(made, values, "python"))


def test_all_kinds_of_summaries_are_told_alike():
    made, values = problem_of("a ring")
    kinds = every_kind(2.0, 1.0, quantity=31) + every_kind(3.0, 2.0, quantity=4, window=1)
    made = asking(made, kinds, (Window(), Window(0.05, 0.33)))
    assert_told_alike(solve_shared(shared(made, 4), values), solve(made, values, "python"))


def firing_cells(**settings):
    """Return cells that are paced up to a time, at which expressions jump, and some runs."""
    made, values = problem_of("cells of four", **settings)
    events = [
        {"name": "fires", "when": "v7 + 50", "direction": "up", "record": 2, "states": ["v0"], "observables": ["w9"]},
        {"name": "current", "when": "Piecewise((w1, t < 0.5), (0.1, True))", "set": {"h2": "h2 - 0.01"}},
    ]
    return replace(made, system=with_events(made.system, *events)), values


def test_expressions_jump_at_stops_alike():
    made, values = firing_cells()
    plan = shared(made, 4)
    assert plan.loop.events.firings.jumps
    expected = solve(made, values, "python")
    assert expected.findings.any()
    assert_told_alike(solve_shared(plan, values), expected)


def waiting():
    """Return runs that wait for others with a crossing, as their steps take less time than what is done about it."""
    made, values = problem_of("a ring", "bogacki_shampine32", n=8)
    event = {"name": "high", "when": "x3 - x0 + F/2", "set": {"x6": "x6 - x3/4"}}
    return replace(made, system=with_events(waves(made.system), event)), values


def test_runs_wait_for_others_alike():
    made, values = waiting()
    plan = shared(made, 2)
    assert plan.loop.events.waits
    found = solve_shared(plan, values, runs=5)
    assert found.findings.any()
    assert_told_alike(found, solve(made, values, "python"))


def failing():
    """Return runs that overflow, that are no numbers, that run out of attempts, and that succeed."""
    made, _ = problem_of("a ring", max_steps=12)
    return made, np.array([[8.0, 1e300, 60.0, np.nan, 7.5, 1e200]])


def test_runs_that_fail_fail_alike():
    made, values = failing()
    expected = solve(made, values, "python")
    assert {Status.SUCCESS, Status.MAX_STEPS, Status.NONFINITE} <= set(expected.status)
    assert_alike(solve_shared(shared(made, 8), values), expected)


# -- on a GPU -----------------------------------------------------------------------------------

GPU_CASES = [
    (name, method, precision, (2, 4, 8, 16, 32)[number % 5])
    for number, (name, method, precision) in enumerate(product(MANY, METHODS, ("float32", "float64")))
]


@pytest.mark.gpu
@pytest.mark.one_in(4)
@pytest.mark.parametrize(("name", "method", "precision", "threads"), GPU_CASES)
def test_threads_of_a_gpu_find_what_one_finds(name, method, precision, threads):
    made, values = problem_of(name, method, 100, precision=precision)
    values = np.resize(values, (1, 1003))
    expected = solve(replace(made, kernel=KernelSettings(threads_per_run=1)), values, "cuda")
    found = solve(replace(made, kernel=KernelSettings(threads_per_run=threads)), values, "cuda")
    assert_alike(found, expected, precision)


GPU_IMPLICIT = [
    (name, method, precision, n, threads)
    for name, method, precision in product(MANY, [*IMPLICIT, "backwards_euler"], ("float32", "float64"))
    for n, threads in ((8, 4), (40, 4), (64, 8), (128, 16), (128, 32))
    if (name, threads) not in {("a grid", 16), ("a grid", 32)} and (name, n) not in {("a grid", 40), ("a grid", 8)}
]


@pytest.mark.gpu
@pytest.mark.one_in(8)
@pytest.mark.parametrize(("name", "method", "precision", "n", "threads"), GPU_IMPLICIT)
def test_threads_of_a_gpu_solve_what_one_solves(name, method, precision, n, threads):
    """Steps are fixed in float64: adaptive ones may differ by one where a condition changes."""
    fixed = {"dt": MANY[name][3] / 40, "rtol": 1e-9} if precision == "float64" else {}
    made, values = problem_of(name, method, n, precision=precision, **fixed)
    values = np.resize(values, (1, 203))
    expected = solve(made, values, "cpu")
    found = solve(replace(made, kernel=KernelSettings(threads_per_run=threads)), values, "cuda")
    assert found.status.tolist() == expected.status.tolist() == [0] * 203
    tolerance = 1e-9 if precision == "float64" else 5e-3
    scale = np.abs(expected.variables).max()
    np.testing.assert_allclose(found.variables, expected.variables, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("threads", [2, 16])
def test_events_act_and_summaries_tell_alike_on_a_gpu(threads, precision):
    made, values = happening(precision=precision)
    values = np.resize(values, (1, 71))
    expected = solve(replace(made, kernel=KernelSettings(threads_per_run=1)), values, "cuda")
    assert_told_alike(
        solve(replace(made, kernel=KernelSettings(threads_per_run=threads)), values, "cuda"), expected, precision
    )


@pytest.mark.gpu
@pytest.mark.parametrize(("make", "threads"), [(firing_cells, 8), (waiting, 2), (waiting, 4)])
def test_stops_and_waiting_change_nothing_on_a_gpu(make, threads):
    made, values = make()
    values = np.linspace(values.min(), values.max(), 331)[np.newaxis]
    expected = solve(replace(made, kernel=KernelSettings(threads_per_run=1)), values, "cuda")
    assert expected.findings.any()
    assert_told_alike(solve(replace(made, kernel=KernelSettings(threads_per_run=threads)), values, "cuda"), expected)


@pytest.mark.gpu
@pytest.mark.parametrize("threads", [2, 16])
def test_runs_that_fail_fail_alike_on_a_gpu(threads):
    made, values = failing()
    found = solve(replace(made, kernel=KernelSettings(threads_per_run=threads)), values, "cuda")
    assert_alike(found, solve(made, values, "python"))


@pytest.mark.gpu
@pytest.mark.parametrize("runs", [1, 7, 33, 5000])
@pytest.mark.parametrize("order", [True, False])
def test_any_number_of_runs_in_any_order(runs, order):
    made, _ = problem_of("a ring", n=70)
    values = np.random.default_rng(runs).uniform(6.0, 9.0, (1, runs))
    kernel = KernelSettings(threads_per_run=4, order=order, threads=64, resident_blocks=1)
    with_threads = replace(made, kernel=kernel, disorder=1)
    found = solve(with_threads, values, "cuda")
    chosen = [0, runs // 2, runs - 1]
    expected = build(made, "cpu").solve(values[:, chosen])
    assert not found.status.any()
    np.testing.assert_allclose(found.variables[..., chosen], expected.variables, rtol=1e-7, atol=1e-7)


@pytest.mark.gpu
@pytest.mark.parametrize("place", ["shared", "persistent"])
def test_places_of_buffers_change_no_result(place):
    made, values = problem_of("a ring")
    kernel = KernelSettings(threads_per_run=8)
    local = solve(replace(made, kernel=kernel), values, "cuda")
    other, _ = problem_of("a ring", locations={"default": place})
    moved = solve(replace(other, kernel=kernel), values, "cuda")
    assert local.variables.tobytes() == moved.variables.tobytes()


def listed(plan):
    """Return the PTX of a plan's kernel, and the LLVM code as written."""
    listing = Listing()
    engine.compile_kernel(plan, "sm_90", listing)
    texts = {text.name: text.content for text in listing.texts}
    return texts["kernel.ptx"], [each for name, each in texts.items() if name.endswith(".ll")]


def test_all_threads_of_a_warp_vote_where_they_share_runs():
    made, _ = waiting()
    assert ["activemask" in listed(shared(made, threads))[0] for threads in (1, 2)] == [True, False]


def test_no_branch_takes_a_call_away_from_the_other_threads():
    made, _ = problem_of("a ring")
    _, modules = listed(shared(asking(made, every_kind(2.0, 1.0, quantity=31)), 8))
    lines = "\n".join(modules).splitlines()
    called = [line for line in lines if line.startswith("define") and "solvers" in line and "noinline" in line]
    assert called
    assert all("convergent" in line for line in called)


def test_a_ring_needs_no_stack():
    kernel = engine.compile_kernel(shared(make_problem(ring(128), "tsit5", 1.0, precision="float32"), 8), "sm_90")
    report = engine.kernel_report(kernel)
    assert report["local_bytes"] == report["spill_bytes"] == 0
    assert report["threads_per_run"] == kernel.threads_per_run == 8
