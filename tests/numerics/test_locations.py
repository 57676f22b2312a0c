"""Where a buffer lies never changes a result."""

import numpy as np
import pytest
from support.solving import make_problem
from support.systems import lorenz

from solvers.execution.engine import compile_kernel, load, plan

METHODS = {
    "tsit5 saving": {"algorithm": "tsit5", "every": 0.25},
    "dop853 saving": {"algorithm": "dop853", "every": 0.25},
    "rk4 fixed": {"algorithm": "rk4", "dt": 0.01},
    "pid": {"algorithm": "dormand_prince54", "controller": "pid"},
}
ASSIGNMENTS = {
    "all shared": {"default": "shared"},
    "all persistent": {"default": "persistent"},
    "by globs": {"step.*": "shared", "loop.*": "persistent", "*.stage_accumulator": "local"},
    "stages shared": {"step.stage_slopes": "shared"},
    "slope persistent": {"step.slope": "persistent"},
    "state shared": {"loop.state": "shared", "*_accumulator": "persistent"},
}
RHO = np.linspace(0.5, 28.0, 40)[None]


def solved(settings, target, locations=None):
    problem = make_problem(lorenz(), t1=1.0, rtol=1e-7, swept=("rho",), locations=locations, **settings)
    kernel = compile_kernel(plan(problem, target))
    solver = load(kernel, problem.exchange, threads=1)
    solution = solver.solve(RHO)
    solver.close()
    return solution, kernel, solver


@pytest.fixture(scope="module")
def all_local():
    """Return a function that solves with every buffer local, once for each case."""
    known = {}

    def reference(name, target):
        if (name, target) not in known:
            known[name, target] = solved(METHODS[name], target, {"default": "local"})[0]
        return known[name, target]

    return reference


@pytest.mark.one_in(12)
@pytest.mark.parametrize("target", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("locations", ASSIGNMENTS.values(), ids=ASSIGNMENTS)
@pytest.mark.parametrize("name", METHODS)
def test_moving_buffers_changes_nothing(name, locations, target, all_local):
    reference = all_local(name, target)
    moved, kernel, _ = solved(METHODS[name], target, locations)
    totals = kernel.registry.totals()
    assert totals.shared + totals.persistent > 0
    np.testing.assert_array_equal(moved.status, 0)
    np.testing.assert_array_equal(moved.steps, reference.steps)
    np.testing.assert_array_equal(moved.variables, reference.variables)


@pytest.mark.one_in(3)
@pytest.mark.gpu
@pytest.mark.parametrize("locations", ASSIGNMENTS.values(), ids=ASSIGNMENTS)
def test_a_launch_takes_the_shared_memory_of_the_report(locations):
    from solvers.targets.cuda.shared_memory import slice_stride  # noqa: PLC0415 - imports the compiler for GPUs

    _, kernel, solver = solved(METHODS["tsit5 saving"], "cuda", locations)
    stride = slice_stride(kernel.registry.totals().shared)
    assert solver.launch.shared_bytes == solver.launch.threads * stride


def test_totals_are_those_of_the_rows():
    problem = make_problem(lorenz(), "dop853", 1.0, every=0.5, locations={"step.*": "shared"})
    registry = plan(problem, "cpu").registry
    own = [row for row in registry.rows() if row.kind == "own"]
    sizes = {place: sum(row.bytes for row in own if row.location == place) for place in ("shared", "local")}
    totals = registry.totals()
    assert totals.persistent == 0
    assert sizes == {"shared": totals.shared, "local": totals.local}


def test_a_name_of_another_method_is_unused():
    problem = make_problem(lorenz(), "rk4", 1.0, dt=0.1, locations={"step.dense_slopes": "shared"})
    assert plan(problem, "cpu").unused == ("step.dense_slopes",)
