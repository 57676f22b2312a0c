"""What only a GPU shows: launches, chunks, many runs, reports of kernels."""

import time
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
from support.solving import build, make_problem
from support.systems import lorenz

from solvers.errors import PlanError
from solvers.execution import engine
from solvers.execution.cuda import driver as cuda_driver
from solvers.execution.cuda import solver as cuda_solver
from solvers.execution.cuda.run_cells import divide
from solvers.execution.cuda.run_order import RunArrays, RunOrder
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
    alone = KernelSettings(threads_per_run=1)
    problem = replace(make_problem(system, "vern9", 1.0, locations={"default": "shared"}), kernel=alone)
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
    before = time.perf_counter()
    solution = solver.solve(np.linspace(0.0, 28.0, 100_000)[None])
    around = time.perf_counter() - before
    assert 0 < solution.kernel_seconds < around
    assert 0 < solution.transfer_seconds < around
    assert solver.runs_per_chunk(10**12) < 10**12
    solver.close()


def test_repeated_runs_are_equal_bit_for_bit():
    solver = build(make_problem(lorenz(), "dop853", 2.0, swept=("rho",), every=0.1), "cuda")
    rho = np.linspace(0.0, 28.0, 5000)[None]
    first, second = solver.solve(rho), solver.solve(rho)
    solver.close()
    assert first.variables.tobytes() == second.variables.tobytes()
    assert first.steps.tobytes() == second.steps.tobytes()


@pytest.mark.parametrize("kept", [0.0, 1.0])
@pytest.mark.parametrize("disorder", [0, 2])
def test_chunks_of_other_sizes_do_not_disturb_each_other(monkeypatch, kept, disorder):
    monkeypatch.setattr(cuda_solver, "KEPT_SHARE", kept)
    problem, values = disorderly(100_000)
    solver = build(replace(problem, disorder=disorder), "cuda")
    first, smaller, again, others = (
        solver.solve(chosen) for chosen in (values, values[:, :40_000], values, values[:, ::-1])
    )
    solver.close()
    assert first.variables.tobytes() == again.variables.tobytes()
    assert first.variables[:, :, :40_000].tobytes() == smaller.variables.tobytes()
    assert first.variables[:, :, ::-1].tobytes() == others.variables.tobytes()


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


def disorderly(runs, precision="float64"):
    problem = make_problem(lorenz(), "tsit5", 2.0, rtol=1e-6, swept=("rho", "x"), precision=precision)
    rng = np.random.default_rng(1)
    return replace(problem, disorder=2), np.array([rng.uniform(0.0, 28.0, runs), rng.choice([-1.0, 1.0, 2.0], runs)])


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("runs", [1, 33, 5000, 100_003])
def test_an_order_is_by_cells(runs, precision):
    problem, values = disorderly(runs, precision)
    solver = build(problem, "cuda")
    given = solver.exchange.inputs(values)
    device = solver._device  # noqa: SLF001 - the order is not for others to see
    with ExitStack() as held:

        def upload(array):
            memory = held.enter_context(cuda_driver.DeviceMemory(device, array.nbytes))
            memory.copy_from(array)
            return memory

        reports = np.arange(3 * runs, dtype=np.int32).reshape(3, runs)
        findings = np.arange(2.0 * runs).reshape(2, runs)
        own = RunArrays(upload(given), upload(given), upload(findings), upload(reports))
        memory = cuda_driver.ReusedMemory(device)
        order = RunOrder(solver._module, memory, given, own)  # noqa: SLF001 - likewise
        start, end = (held.enter_context(cuda_driver.Event(device)) for _ in range(2))
        order.establish(start)
        found, restored, numbers = np.empty_like(given), np.empty_like(given), np.empty_like(reports)
        told = np.empty_like(findings)
        order.arrays.inputs.copy_to(found)
        device.synchronize()
        order.arrays.results.copy_from(found)
        order.arrays.findings.copy_from(findings)
        order.arrays.reports.copy_from(reports)
        order.restore(end)
        own.results.copy_to(restored)
        own.findings.copy_to(told)
        own.reports.copy_to(numbers)
        device.synchronize()
    solver.close()
    cells = np.zeros(runs, dtype=int)
    grid = divide(given)
    for row, levels, edges in zip(found, grid.levels, grid.edges, strict=True):
        cells = cells * levels + np.searchsorted(edges[: levels - 1], row, side="right")
    assert (np.diff(cells) >= 0).all()
    assert restored.tobytes() == given.tobytes()
    assert np.array_equal(np.sort(numbers), reports)
    assert np.array_equal(told, numbers[:2].astype(np.float64))
    np.testing.assert_array_equal(numbers, numbers[:1] + runs * np.arange(3)[:, None])


@pytest.mark.parametrize("patience", [0, 1, 48])
@pytest.mark.parametrize("runs", [1, 1000, 50_003])
def test_an_order_changes_no_result(runs, patience):
    problem, values = disorderly(runs)
    solutions = []
    for kernel in (KernelSettings(order=False), KernelSettings(order=True, patience=patience)):
        solver = build(replace(problem, kernel=kernel), "cuda")
        assert solver.launch.ordered is kernel.order
        solutions.append(solver.solve(values))
        solver.close()
    plain, ordered = solutions
    assert plain.variables.tobytes() == ordered.variables.tobytes()
    assert plain.steps.tobytes() == ordered.steps.tobytes()
    assert plain.status.tobytes() == ordered.status.tobytes()


def test_an_order_changes_nothing_that_is_saved():
    problem = make_problem(lorenz(), "tsit5", 2.0, rtol=1e-6, swept=("rho",), every=0.25)
    values = np.random.default_rng(1).uniform(0.0, 28.0, (1, 50_003))
    solutions = []
    for kernel in (KernelSettings(), KernelSettings(order=True)):
        solver = build(replace(problem, kernel=kernel), "cuda")
        solutions.append(solver.solve(values))
        solver.close()
    assert solutions[0].variables.tobytes() == solutions[1].variables.tobytes()
