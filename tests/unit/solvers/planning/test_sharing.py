"""How many threads share a run: the rule, and what is refused."""

from dataclasses import replace

import pytest
import sympy
from support.events import with_events
from support.many_states import cells, grid, ring
from support.solving import make_problem
from support.summaries import asking
from support.systems import lorenz, system_of

from benchmarks.models import heat, network, oscillators
from solvers.equations.system import state_symbol
from solvers.errors import PlanError
from solvers.planning.plan import make_plan
from solvers.settings import KernelSettings, LinearSettings


def reactions(n):
    return system_of(network(n, 3 * n))


def row(n):
    return system_of(heat(n))


def problem(system, algorithm="tsit5", threads=None, **settings):
    made = make_problem(system, algorithm, 1.0, **settings)
    return replace(made, kernel=KernelSettings(threads_per_run=threads))


def threads(*given, target="cuda", **settings):
    return make_plan(problem(*given, **settings), target).threads_per_run


@pytest.mark.parametrize(
    ("states", "precision", "fixed", "expected"),
    [
        (40, "float32", False, 1),
        (41, "float32", False, 2),
        (64, "float32", True, 1),
        (68, "float32", True, 2),
        (70, "float32", True, 4),
        (128, "float32", True, 4),
        (20, "float64", False, 1),
        (32, "float64", False, 2),
        (32, "float64", True, 1),
        (64, "float64", True, 4),
        (300, "float64", False, 32),
    ],
)
def test_states_and_slopes_fit_registers(states, precision, fixed, expected):
    step = {"dt": 0.01} if fixed else {}
    assert threads(ring(states), precision=precision, **step) == expected


@pytest.mark.parametrize(
    ("make", "states", "algorithm", "precision", "expected"),
    [
        (row, 16, "rodas5p", "float64", 1),
        (row, 20, "rodas5p", "float64", 4),
        (row, 88, "rodas5p", "float64", 8),
        (row, 256, "rodas5p", "float64", 32),
        (row, 64, "rosenbrock23", "float64", 4),
        (row, 24, "rodas5p", "float32", 1),
        (cells, 16, "rodas5p", "float64", 4),
        (cells, 64, "kvaerno5", "float64", 8),
        (cells, 12, "radau_iia_5", "float64", 1),
        (ring, 50, "kvaerno5", "float64", 4),
    ],
)
def test_factors_of_implicit_methods_fit_registers(make, states, algorithm, precision, expected):
    assert threads(make(states), algorithm, precision=precision) == expected


@pytest.mark.parametrize(
    ("states", "algorithm", "precision", "expected"),
    [
        (12, "rodas5p", "float64", 1),
        (16, "rodas5p", "float64", 4),
        (16, "kvaerno5", "float64", 1),
        (24, "rodas5p", "float64", 8),
        (24, "kvaerno5", "float64", 8),
        (32, "rodas5p", "float64", 16),
        (53, "rodas5p", "float64", 32),
        (53, "kvaerno5", "float64", 32),
        (53, "radau_iia_5", "float64", 1),
        (32, "rodas5p", "float32", 8),
        (53, "rodas5p", "float32", 32),
        (100, "rodas5p", "float64", 1),
    ],
)
def test_rows_of_networks_fit_registers(states, algorithm, precision, expected):
    assert threads(reactions(states), algorithm, precision=precision) == expected


@pytest.mark.parametrize("system", [system_of(network(100, 100)), grid(49), grid(100)])
def test_rows_that_wait_for_many_pivots_have_one_thread(system):
    assert threads(system, "rodas5p") == 1


def test_rates_of_many_forms_are_worked_out_by_one_thread():
    assert threads(system_of(oscillators(24)), "rodas5p") == 1


def test_parameters_that_are_to_lie_elsewhere_leave_a_run_one_thread():
    assert threads(reactions(24), "rodas5p", locations={"loop.parameters": "local"}) == 1


@pytest.mark.parametrize(("make", "count"), [(grid, 16), (ring, 2)])
def test_any_implicit_method_is_shared_where_that_is_asked_for(make, count):
    assert threads(make(64), "rodas5p", threads=count) == count


def test_methods_of_more_stages_have_more_threads():
    assert [threads(ring(64), method) for method in ("bogacki_shampine32", "tsit5", "vern9")] == [4, 4, 8]


def test_other_targets_have_one_thread():
    assert threads(ring(128), target="cpu") == threads(ring(128), target="python") == 1


@pytest.mark.parametrize(("system", "expected"), [(grid(100), 8), (system_of(network(60, 180)), 1)])
def test_equations_are_of_few_forms(system, expected):
    assert threads(system) == expected


def test_equations_that_read_all_states_have_one_thread():
    assert threads(system_of(oscillators(50)), precision="float32") == 1


def test_a_run_has_one_thread_where_threads_would_do_each_others_work(monkeypatch):
    monkeypatch.setattr("solvers.planning.sharing.MOST_WORK", 2.0)
    assert (threads(ring(100)), threads(grid(100))) == (8, 1)


def test_a_queue_is_of_runs_with_a_thread_each():
    made = problem(ring(64))
    assert make_plan(replace(made, kernel=KernelSettings(patience=48)), "cuda").threads_per_run == 1
    assert make_plan(replace(made, kernel=KernelSettings(patience=0)), "cuda").threads_per_run > 1


def test_what_is_asked_for_is_done():
    assert threads(ring(12), threads=4) == 4
    assert threads(ring(128), threads=1) == 1


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (problem(ring(40), "kvaerno5", threads=4, linear=LinearSettings(kind="bicgstab")), "lu"),
        (problem(lorenz(), "rodas5p", threads=8), "5 to 128 states"),
        (problem(system_of(network(130, 200)), "rodas5p", threads=32), "17 to 128 states"),
        (problem(reactions(24), "rodas5p", threads=8, locations={"loop.*": "local"}), "in shared memory"),
        (problem(lorenz(), threads=2), "4 to 256 states"),
        (problem(ring(300), threads=2), "4 to 256 states"),
        (replace(problem(ring(40)), kernel=KernelSettings(threads_per_run=4, patience=48)), "no queue"),
    ],
)
def test_what_cannot_be_is_refused(made, reason):
    with pytest.raises(PlanError, match=reason) as refused:
        make_plan(made, "cuda")
    assert refused.value.key == "run.kernel.threads_per_run"
    assert make_plan(made, "cpu").threads_per_run == 1


@pytest.mark.parametrize(
    ("states", "precision", "expected"),
    [(25, "float32", 1), (26, "float32", 2), (80, "float32", 4), (81, "float32", 8), (64, "float64", 8)],
)
@pytest.mark.parametrize("looking", [{"name": "up", "when": "x1 - 3"}, None])
def test_events_and_summaries_take_registers_as_well(states, precision, expected, looking):
    system = with_events(ring(states), looking) if looking else ring(states)
    made = problem(system, precision=precision)
    made = made if looking else asking(made, [{"quantity": 1, "kind": "max"}])
    assert make_plan(made, "cuda").threads_per_run == expected


def test_summaries_of_many_states_have_one_thread_by_the_rule():
    made = problem(ring(100), precision="float32")

    def summarised(states, **kernel):
        summaries = [{"quantity": state, "kind": kind} for state in range(states) for kind in ("min", "max")]
        return make_plan(replace(asking(made, summaries), kernel=KernelSettings(**kernel)), "cuda").threads_per_run

    assert [summarised(states) for states in (1, 32, 33)] == [8, 8, 1]
    assert summarised(33, threads_per_run=8) == 8


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x0 + x99 - 3", 8),
        (" + ".join(f"x{i}" for i in range(40)), 1),
        (" + ".join(f"total{i}" for i in range(5)), 8),
        (" + ".join(f"total{i}" for i in range(9)), 1),
        (" + ".join(f"der(x{i})" for i in range(0, 35, 5)), 8),
        (" + ".join(f"der(x{i})" for i in range(0, 60, 5)), 1),
    ],
)
def test_events_that_depend_on_many_states_have_one_thread(expression, expected):
    made = ring(100)
    symbols = [state_symbol(i) for i in range(100)]
    totals = tuple(sympy.Add(*symbols[4 * i : 4 * i + 4]) for i in range(9))
    made = replace(made, observables=tuple(f"total{i}" for i in range(9)), observable_expressions=totals)
    made = with_events(made, {"name": "one", "when": expression}, {"name": "two", "at": 0.5, "set": {"x3": "x4"}})
    assert threads(made, precision="float32") == expected
