"""Running a plan on the python target."""

import time

import numpy as np

from solvers.integration.lane import Reports, Results
from solvers.planning.exchange import Solution
from solvers.planning.plan import Plan
from solvers.targets.python import PythonTarget


class PythonSolver:
    """Runs device code in the interpreter.

    Parameters
    ----------
    plan
        What to run.
    target
        Interprets the plan's device code.
    """

    device = "Python interpreter"

    def __init__(self, plan: Plan, target: PythonTarget) -> None:
        self.exchange = plan.exchange
        self._totals = plan.registry.totals()
        self._integrate = plan.loop.build(target, plan.registry)

    def kernel_report(self) -> None:
        """Return nothing: there is no CUDA kernel."""

    def runs_per_chunk(self, runs: int) -> int:
        """Return a number of runs after which progress is worth showing."""
        return min(runs, 1024)

    def solve(self, values: np.ndarray) -> Solution:
        """Solve a chunk; `values` has shape (swept, runs)."""
        exchange, runs = self.exchange, values.shape[1]
        variables, findings, reports = exchange.empty_results(runs)
        start = time.perf_counter()
        with np.errstate(all="ignore"):
            self._integrate(
                np.zeros(1, dtype=np.int64),
                np.int64(runs),
                exchange.inputs(values).reshape(-1),
                exchange.default_values(),
                Results(variables.reshape(-1), exchange.times, findings.reshape(-1)),
                Reports(*reports),
                np.full(self._totals.shared, 0xFF, dtype=np.uint8),
                np.full(self._totals.persistent, 0xFF, dtype=np.uint8),
            )
        seconds = time.perf_counter() - start
        status, steps, rejected = reports
        return Solution(variables, findings, status.astype(np.int8), steps, rejected, seconds, 0.0)

    def close(self) -> None:
        """Hold nothing."""
