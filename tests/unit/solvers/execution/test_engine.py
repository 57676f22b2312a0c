"""Planning, choosing a target, building."""

import subprocess
import sys

import numpy as np
import pytest
from support.solving import build, make_problem
from support.systems import lorenz

from buffers import UnknownBufferError
from solvers.errors import PlanError
from solvers.execution import engine
from solvers.execution.cpu import engine as cpu_engine
from solvers.execution.cpu import solver as cpu_solver
from solvers.execution.cpu.processor import processor
from solvers.execution.cuda import engine as cuda_engine


def test_planning_imports_no_compiler():
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from support.systems import lorenz; from support.solving import make_problem\n"
        "from solvers.execution import engine\n"
        "engine.plan(make_problem(lorenz(), 'tsit5', 1.0), 'cpu')\n"
        "print([name for name in ('numba', 'llvmlite', 'cuda') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_sizes_of_a_plan():
    problem = make_problem(lorenz(), "tsit5", 1.0, every=0.1, swept=("rho", "x"), precision="float32")
    exchange = engine.plan(problem, "cpu").exchange
    assert exchange.dtype == np.float32
    assert exchange.variables == ("x", "y", "z")
    assert exchange.input_bytes_per_run == 8
    assert exchange.result_bytes_per_run == 3 * len(exchange.times) * 4 + 12
    assert exchange.bytes_per_run == exchange.input_bytes_per_run + exchange.result_bytes_per_run


def test_unknown_buffers_are_refused():
    problem = make_problem(lorenz(), "tsit5", 1.0, locations={"step.stage_slope": "shared"})
    with pytest.raises(UnknownBufferError, match="stage_slope"):
        engine.plan(problem, "cpu")


@pytest.mark.parametrize("target", ["cpu", "python"])
def test_what_is_asked_for_is_taken(target):
    assert engine.choose_target(target) == target


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(cuda_engine, "why_no_device", lambda: None)
    assert engine.choose_target("auto") == "cuda"
    assert engine.choose_target("cuda") == "cuda"
    monkeypatch.setattr(cuda_engine, "why_no_device", lambda: ("no driver", "use the cpu"))
    assert engine.choose_target("auto") == "cpu"
    with pytest.raises(engine.TargetUnavailableError, match="no driver") as caught:
        engine.choose_target("cuda")
    assert caught.value.hint == "use the cpu"


def test_every_target_is_described():
    assert tuple(engine.available_targets()) == engine.TARGETS


@pytest.mark.parametrize("target", ["python", "cpu"])
def test_solution_has_the_shapes_of_the_plan(target):
    solver = build(make_problem(lorenz(), "tsit5", 1.0, every=0.25, swept=("rho",)), target)
    solution = solver.solve(np.array([[20.0, 21.0, 22.0]]))
    assert solution.variables.shape == (3, 5, 3)
    assert (solution.status.dtype, solution.steps.dtype, solution.rejected.dtype) == (np.int8, np.int32, np.int32)
    assert solution.kernel_seconds > 0
    assert solver.runs_per_chunk(7) == 7
    assert solver.device
    solver.close()


@pytest.mark.parametrize("module", [None, sys])
def test_scipy_is_out_of_sight_while_a_kernel_is_compiled(monkeypatch, module):
    def look(*_):
        seen.append(sys.modules.get("scipy", "absent"))
        raise PlanError("no")

    seen = []
    monkeypatch.setattr(cpu_engine, "compile_plan", look)
    monkeypatch.delitem(sys.modules, "scipy", raising=False)
    if module:
        monkeypatch.setitem(sys.modules, "scipy", module)
    with pytest.raises(PlanError):
        engine.compile_kernel(engine.plan(make_problem(lorenz(), "rk4", 1.0, dt=0.5), "cpu"))
    assert seen == [module]
    assert sys.modules.get("scipy", "absent") == (module or "absent")


def test_chunks_fit_the_memory_that_is_free(monkeypatch):
    solver = build(make_problem(lorenz(), "rk4", 1.0, dt=0.5, every=0.5))
    monkeypatch.setattr(cpu_solver, "free_bytes", lambda: 2 * 4 * 10 * solver.exchange.bytes_per_run)
    assert solver.runs_per_chunk(1000) == 10
    monkeypatch.setattr(cpu_solver, "free_bytes", lambda: 0)
    assert solver.runs_per_chunk(1000) == 1


def test_threads_are_those_that_the_process_may_use():
    solver = build(make_problem(lorenz(), "rk4", 1.0, dt=0.5), threads=None)
    assert solver.threads == processor().threads
