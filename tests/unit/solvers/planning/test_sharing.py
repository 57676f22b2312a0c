"""How many threads share a run: the rule, and what is refused."""

from dataclasses import replace

import pytest
from support.many_states import grid, ring
from support.solving import make_problem
from support.systems import lorenz, system_of

from benchmarks.models import network, oscillators
from solvers.errors import PlanError
from solvers.planning.plan import make_plan
from solvers.settings import KernelSettings, Summary, Window


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
        (66, "float32", True, 4),
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
        (problem(ring(40), "rodas5p", threads=4), "explicit"),
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


def test_summaries_have_one_thread():
    made = problem(ring(64), threads=4)
    summary = Summary(0, observable=False, kind="max", name="x0_max")
    made = replace(made, save=replace(made.save, summaries=(summary,), windows=(Window(),)))
    with pytest.raises(PlanError, match="summaries"):
        make_plan(made, "cuda")
    assert make_plan(replace(made, kernel=KernelSettings()), "cuda").threads_per_run == 1
