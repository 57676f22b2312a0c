"""What only a GPU shows: launches, chunks, many runs, reports of kernels."""

from dataclasses import replace

import numpy as np
import pytest
from support.solving import build, make_problem
from support.systems import lorenz

from solvers import engine
from solvers.errors import PlanError
from solvers.settings import KernelSettings

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("runs", [1, 31, 32, 33, 1000, 100_003])
def test_any_number_of_runs(runs):
    problem = make_problem(lorenz(), "tsit5", 0.5, rtol=1e-6, swept=("rho",), every=0.25)
    rho = np.linspace(0.0, 28.0, runs)[None]
    solver = build(problem, "cuda")
    solution = solver.solve(rho)
    solver.close()
    assert not solution.status.any()
    assert np.isfinite(solution.variables).all()
    chosen = [0, runs // 2, runs - 1]
    expected = build(problem, "cpu").solve(rho[:, chosen])
    np.testing.assert_allclose(solution.variables[..., chosen], expected.variables, rtol=1e-7, atol=1e-9)


def test_more_than_48_kibibytes_of_shared_memory():
    problem = make_problem(lorenz(), "vern9", 0.5, rtol=1e-6, swept=("rho",), locations={"default": "shared"})
    solver = build(problem, "cuda")
    solution = solver.solve(np.linspace(0.0, 28.0, 5000)[None])
    assert not solution.status.any()
    assert solver.launch.shared_bytes > 48 * 1024 or solver.launch.threads == 32
    solver.close()


def test_too_much_shared_memory_is_refused():
    from support.systems import make_system  # noqa: PLC0415

    names = [f"x{i}" for i in range(80)]
    system = make_system(dict.fromkeys(names, 1.0), {name: f"-{name}" for name in names})
    problem = make_problem(system, "vern9", 1.0, locations={"default": "shared"})
    with pytest.raises(PlanError, match="shared memory"):
        build(problem, "cuda")


def test_the_report_is_of_the_kernel_that_runs():
    plan = engine.plan(make_problem(lorenz(), "tsit5", 1.0), "cuda")
    solver = engine.build(plan)
    report = engine.kernel_report(engine.compile_kernel(plan))
    assert report["registers"] == solver.launch.resources.registers
    assert report["threads_per_block"] == solver.launch.threads
    assert report["arch"] == "sm_{}{}".format(*solver.launch.arch)
    solver.close()


def test_times_are_the_devices():
    solver = build(make_problem(lorenz(), "rk4", 1.0, dt=1e-3, swept=("rho",)), "cuda")
    solution = solver.solve(np.linspace(0.0, 28.0, 100_000)[None])
    assert 0 < solution.kernel_seconds < 1
    assert solution.transfer_seconds > 0
    assert solver.runs_per_chunk(10**12) < 10**12
    solver.close()


def test_repeated_runs_are_equal_bit_for_bit():
    solver = build(make_problem(lorenz(), "dop853", 2.0, swept=("rho",), every=0.1), "cuda")
    rho = np.linspace(0.0, 28.0, 5000)[None]
    first, second = solver.solve(rho), solver.solve(rho)
    solver.close()
    assert first.variables.tobytes() == second.variables.tobytes()
    assert first.steps.tobytes() == second.steps.tobytes()


@pytest.mark.parametrize("place", ["local", "shared", "persistent"])
@pytest.mark.parametrize("patience", [1, 48])
def test_runs_taken_from_a_queue_are_those_of_their_own_threads(place, patience):
    problem = make_problem(
        lorenz(), "tsit5", 2.0, rtol=1e-6, swept=("rho",), controller="pid", locations={"default": place}
    )
    plan = engine.plan(problem, "cuda")
    # One warp a multiprocessor, so that each goes through many runs.
    few = KernelSettings(threads=32, resident_blocks=1, patience=patience)
    rho = np.random.default_rng(1).permutation(np.linspace(0.0, 28.0, 50_003))[None]
    solutions = []
    for launch in (KernelSettings(patience=0), few):
        solver = engine.build(replace(plan, problem=replace(plan.problem, kernel=launch)))
        solutions.append(solver.solve(rho))
        solver.close()
    alone, queued = solutions
    assert alone.variables.tobytes() == queued.variables.tobytes()
    assert alone.steps.tobytes() == queued.steps.tobytes()
    assert alone.status.tobytes() == queued.status.tobytes()
