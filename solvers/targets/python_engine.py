"""Running a plan on the python target."""

import time

import numpy as np

from solvers.plan import Plan, Solution
from solvers.targets.python import PythonTarget
from solvers.trace import Recorder


def default_values(plan: Plan) -> np.ndarray:
    """Return the states' and parameters' default values, in the plan's precision."""
    system = plan.problem.system
    return np.array((*system.initial_values, *system.parameter_values), dtype=plan.dtype)


def empty_results(plan: Plan, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return arrays for the variables, and for status, steps and rejected (int32)."""
    shape = (len(plan.variables), len(plan.times), runs)
    return np.empty(shape, dtype=plan.dtype), np.full((3, runs), -1, dtype=np.int32)


class PythonSolver:
    """Runs device code in the interpreter.

    Parameters
    ----------
    plan
        What to run.
    recorder
        Keeps what the solvers report on the way, where it is wanted.
    """

    device = "Python interpreter"
    compile_seconds = 0.0

    def __init__(self, plan: Plan, recorder: Recorder | None = None) -> None:
        self.plan = plan
        self._integrate = plan.loop.build(PythonTarget(recorder), plan.registry)

    def kernel_report(self) -> None:
        """Return nothing: there is no CUDA kernel."""

    def runs_per_chunk(self, runs: int) -> int:
        """Return a number of runs after which progress is worth showing."""
        return min(runs, 1024)

    def solve(self, values: np.ndarray) -> Solution:
        """Solve a chunk; `values` has shape (swept, runs)."""
        plan, runs = self.plan, values.shape[1]
        variables, reports = empty_results(plan, runs)
        totals = plan.registry.totals()
        start = time.perf_counter()
        with np.errstate(all="ignore"):
            self._integrate(
                np.zeros(1, dtype=np.int64),
                np.int64(runs),
                np.ascontiguousarray(values, dtype=plan.dtype).reshape(-1),
                default_values(plan),
                (variables.reshape(-1), plan.times),
                tuple(reports),
                np.full(totals.shared, 0xFF, dtype=np.uint8),
                np.full(totals.persistent, 0xFF, dtype=np.uint8),
            )
        seconds = time.perf_counter() - start
        return Solution(variables, reports[0].astype(np.int8), reports[1], reports[2], seconds, 0.0)

    def close(self) -> None:
        """Hold nothing."""
